import { basename } from "node:path";
import type { StageContext } from "@pippin/core";
import { createReferenceRunner } from "@pippin/decoder/node";
import {
  type AnswerText,
  type Condition,
  compareAnswers,
  compareOnText,
  EVALUATION_PROMPTS,
  type GreedyReport,
  judge,
  METRICS,
  parseCondition,
  type RunnerPair,
  type TextReport,
} from "@pippin/verify";
import { type Command, Option } from "commander";
import { usageError } from "../errors.ts";
import { checkTextPath, evaluationWindows } from "../evaluation.ts";
import { type OpenModel, openModel } from "../model.ts";
import { openPackage, startRunner } from "../package.ts";
import { compareChat, MAX_PROMPTS, parityLine, promptIds, TIE_MARGIN } from "../parity.ts";
import { checkReportPath, textLines, writeReport } from "../report.ts";
import { wholeNumber } from "../schema-options.ts";
import { formatTable, printableLine } from "../terminal/format.ts";
import { type Io, say, sayJson, stageContext } from "../terminal/io.ts";

/** Differences that are listed for people; `--json` has them all. */
const MAX_LISTED = 5;

interface Flags {
  readonly against: string;
  readonly tokens: number;
  readonly prompts: number;
  readonly text?: string;
  readonly windows: number;
  readonly windowTokens: number;
  readonly failIf: readonly Condition[];
  readonly report: readonly string[];
  readonly precision: "fp16" | "fp32";
}

const metricsHelp = formatTable(
  Object.entries(METRICS).map(([name, { about }]) => [`  ${name}`, about]),
).join("\n");

export function define(command: Command, { io }: { io: Io }): void {
  command
    .argument("<package>", "folder that pippin convert wrote, or the package in it")
    .requiredOption("--against <model>", "the model that it was made from")
    .option("--tokens <n>", "greedy tokens compared after each prompt", wholeNumber({ min: 1 }), 32)
    .option("--prompts <n>", `prompts, at most ${MAX_PROMPTS}`, wholeNumber({ min: 1, max: MAX_PROMPTS }), 3)
    .option("--text <file>", "measure on this text (default: one that is bundled)")
    .option("--windows <n>", "windows of the text; 0 leaves it out", wholeNumber({ min: 0 }), 40)
    .option("--window-tokens <n>", "tokens of a window", wholeNumber({ min: 2 }), 64)
    .option<Condition[]>(
      "--fail-if <condition>",
      'what makes the package fail, for example "kl > 0.2"; may be repeated (default: greedy tokens differ)',
      (text, before) => [...before, parseCondition(text)],
      [],
    )
    .option<string[]>(
      "--report <file>",
      "write a report, .md or .html; may be repeated",
      (path, before) => [...before, path],
      [],
    )
    .addOption(
      new Option(
        "--precision <choice>",
        "fp16 rounds every operation as a strict device would; fp32 does not",
      )
        .choices(["fp16", "fp32"])
        .default("fp16"),
    )
    .option("--json", "print the report as JSON")
    .addHelpText(
      "after",
      `\nExits with 1 when the package fails. Metrics of --fail-if:\n${metricsHelp}\n\nExamples:\n  pippin verify build/pip --against models/pip-chat\n  pippin verify build/pip --against models/pip-chat --fail-if "kl > 0.2" --report report.html`,
    )
    .action((path: string, flags: Flags) => verify(path, flags, io));
}

async function verify(path: string, flags: Flags, io: Io): Promise<void> {
  const { failIf, precision } = flags;
  for (const report of flags.report) await checkReportPath(report);
  if (flags.text !== undefined) await checkTextPath(flags.text);
  const context = stageContext(io);
  const model = await openModel(flags.against, context);
  if (model.text === undefined && flags.text !== undefined)
    throw usageError(
      `${flags.against} has no tokenizer for --text`,
      "Put tokenizer.json beside the weights.",
    );
  await using opened = await openPackage(path, io);
  await using candidate = await startRunner(opened, { precision }, context);
  const { contextLength } = candidate;
  const reference = await createReferenceRunner(model.decoder, { contextLength }, context);
  await using _ = { [Symbol.asyncDispose]: () => reference.close() };

  const pair: RunnerPair = { reference, candidate };
  const prompts = promptIds(model, flags, contextLength);
  const { quantization } = opened.opened.manifest ?? {};
  const { passed, ...chat } = await compareChat(pair, prompts, { ...flags, quantization }, context);
  say(io, parityLine({ ...chat, passed }));
  const { differences } = chat.greedy;
  for (const { prompt, step, margin } of differences.slice(0, MAX_LISTED)) {
    const kind = margin < TIE_MARGIN ? "a near tie" : "more than a near tie";
    say(io, `  prompt ${prompt + 1}, token ${step + 1}: margin ${margin.toFixed(3)}, ${kind}`);
  }
  if (differences.length > MAX_LISTED) say(io, `  and ${differences.length - MAX_LISTED} more`);
  const answers = await answersOf({ model, pair, prompts, greedy: chat.greedy }, context);
  const text = await measureOnText({ model, pair, flags }, context);
  if (text) for (const line of textLines(text)) say(io, printableLine(line));

  const verdict = judge({ chat, text }, failIf);
  for (const { metric, operator, limit, value, failed } of verdict.conditions)
    say(io, `${failed ? "FAILS " : "passes"}     ${metric} ${operator} ${limit}: ${value ?? "not measured"}`);
  const result = {
    passed: failIf.length > 0 ? verdict.passed : passed,
    conditions: verdict.conditions,
    text,
    answers,
    warnings: context.warnings,
  };
  const names = { package: basename(path), original: model.facts.name };
  const executed = opened.opened.runner ? precision : "the original's arithmetic, with the package's weights";
  for (const file of flags.report) {
    await writeReport(file, { ...result, ...names, chat, precision: executed });
    say(io, `report     ${printableLine(file)}`);
  }
  if (io.json) sayJson(io, { ...chat, ...result });
  if (!result.passed) io.fail();
}

/** `null` without a tokenizer, or when no windows are wanted. */
async function measureOnText(
  { model, pair, flags }: { model: OpenModel; pair: RunnerPair; flags: Flags },
  context: StageContext,
): Promise<TextReport | null> {
  const { windows: count, text: file } = flags;
  if (model.text === undefined || count === 0) return null;
  const size = Math.min(flags.windowTokens, pair.candidate.contextLength);
  const windows = evaluationWindows(model.text, { file, size, count });
  return compareOnText(pair, windows, { total: count }, context);
}

/** What both say to the prompts; nothing without a tokenizer. */
async function answersOf(
  given: { model: OpenModel; pair: RunnerPair; prompts: readonly number[][]; greedy: GreedyReport },
  context: StageContext,
): Promise<AnswerText[]> {
  const { text } = given.model;
  if (text === undefined) return [];
  const options = { greedy: given.greedy, stopTokens: text.stopTokens };
  const pairs = await compareAnswers(given.pair.candidate, given.prompts, options, context);
  const read = (ids: readonly number[]) => text.tokenizer.decode([...ids], { skipSpecialTokens: true });
  return pairs.map(({ prompt, divergesAt, ...ids }) => ({
    prompt: EVALUATION_PROMPTS[prompt]!,
    original: read(ids.original),
    package: read(ids.package),
    divergesAt,
  }));
}
