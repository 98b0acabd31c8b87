import { type Condition, frontOf, METRICS, parseCondition } from "@pippin/verify";
import { type Command, Option } from "commander";
import { usageError } from "../errors.ts";
import { checkTextPath } from "../evaluation.ts";
import { openModel } from "../model.ts";
import { MAX_PROMPTS, type ParityVerdict, parityLine, TIE_MARGIN } from "../parity.ts";
import { checkReportPath, comparisonLines, textLines, writeComparison, writeReport } from "../report.ts";
import { several, wholeNumber } from "../schema-options.ts";
import { formatTable, printableLine } from "../terminal/format.ts";
import { type CommandContext, type Io, say, sayJson, stageContext } from "../terminal/io.ts";
import { type Verification, type VerifyOptions, verifyPackages } from "../verification.ts";

/** Differences that are listed for people; `--json` has them all. */
const MAX_LISTED = 5;

interface Flags extends VerifyOptions {
  readonly against: string;
  readonly report: readonly string[];
}

const metricsHelp = formatTable(
  Object.entries(METRICS).map(([name, { about }]) => [`  ${name}`, about]),
).join("\n");

export function define(command: Command, { io }: { io: Io }): void {
  command
    .argument("<package...>", "folder that pippin convert wrote, or the package in it; several are compared")
    .requiredOption("--against <model>", "the model that it was made from")
    .option("--tokens <n>", "greedy tokens compared after each prompt", wholeNumber({ min: 1 }), 32)
    .option("--prompts <n>", `prompts, at most ${MAX_PROMPTS}`, wholeNumber({ min: 1, max: MAX_PROMPTS }), 3)
    .option("--text <file>", "measure on this text (default: one that is bundled)")
    .option("--windows <n>", "windows of the text; 0 leaves it out", wholeNumber({ min: 0 }), 40)
    .option("--window-tokens <n>", "tokens of a window", wholeNumber({ min: 2 }), 64)
    .addOption(
      new Option(
        "--fail-if <condition>",
        'what makes the package fail, for example "kl > 0.2"; may be repeated',
      )
        .argParser<Condition[]>((text, before) => [...before, parseCondition(text)])
        .default([], "greedy tokens differ"),
    )
    .addOption(
      new Option("--report <file>", "write a report, .md or .html; may be repeated")
        .argParser(several)
        .default([], "none"),
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
      `\nExits with 1 when the package fails. Metrics of --fail-if:\n${metricsHelp}\n\nExamples:\n  pippin verify build/pip --against models/pip-chat\n  pippin verify build/pip --against models/pip-chat --fail-if "kl > 0.2" --report report.html\n  pippin verify build/pip build/pip-int8 build/pip-int4 --against models/pip-chat --report recipes.html`,
    )
    .action((paths: readonly string[], flags: Flags) => verify(paths, flags, io));
}

async function verify(paths: readonly string[], flags: Flags, io: Io): Promise<void> {
  for (const report of flags.report) await checkReportPath(report);
  if (flags.text !== undefined) await checkTextPath(flags.text);
  const context = stageContext(io);
  const model = await openModel(flags.against, context);
  if (model.text === undefined && flags.text !== undefined)
    throw usageError(
      `${flags.against} has no tokenizer for --text`,
      "Put tokenizer.json beside the weights.",
    );
  const several = paths.length > 1;
  const onChat = several ? undefined : (chat: ParityVerdict) => sayParity(io, chat);
  const measured = await verifyPackages({ paths, model }, flags, { io, context, onChat });
  const original = model.facts.name;
  if (several) await finishMany({ original, measured, flags }, io, context);
  else await finishOne({ original, measured: measured[0]!, flags }, io, context);
  if (measured.some(({ passed }) => !passed)) io.fail();
}

function sayParity(io: Io, chat: ParityVerdict): void {
  say(io, parityLine(chat));
  const { differences } = chat.greedy;
  for (const { prompt, step, margin } of differences.slice(0, MAX_LISTED)) {
    const kind = margin < TIE_MARGIN ? "a near tie" : "more than a near tie";
    say(io, `  prompt ${prompt + 1}, token ${step + 1}: margin ${margin.toFixed(3)}, ${kind}`);
  }
  if (differences.length > MAX_LISTED) say(io, `  and ${differences.length - MAX_LISTED} more`);
}

async function finishOne(
  given: { readonly original: string; readonly measured: Verification; readonly flags: Flags },
  io: Io,
  { warnings }: CommandContext,
): Promise<void> {
  const { original, measured, flags } = given;
  const { name, precision, text, answers, conditions, passed } = measured;
  const { passed: _, ...chat } = measured.chat;
  if (text) for (const line of textLines(text)) say(io, printableLine(line));
  for (const condition of conditions) say(io, conditionLine(condition));
  const result = { passed, conditions, text, answers, warnings };
  for (const file of flags.report) {
    await writeReport(file, { ...result, package: name, original, chat, precision });
    say(io, `report     ${printableLine(file)}`);
  }
  if (io.json) sayJson(io, { ...chat, ...result });
}

async function finishMany(
  given: { readonly original: string; readonly measured: readonly Verification[]; readonly flags: Flags },
  io: Io,
  { warnings }: CommandContext,
): Promise<void> {
  const { original, measured, flags } = given;
  const packages = measured.map(({ name, ...each }) => ({ package: name, ...each }));
  const passed = measured.every((each) => each.passed);
  const report = { original, passed, packages, warnings };
  for (const line of comparisonLines(report)) say(io, printableLine(line));
  for (const { package: name, conditions } of packages)
    for (const condition of conditions) say(io, printableLine(`${conditionLine(condition)}  ${name}`));
  for (const file of flags.report) {
    await writeComparison(file, report);
    say(io, `report     ${printableLine(file)}`);
  }
  if (!io.json) return;
  const front = new Set(frontOf(report));
  sayJson(io, {
    passed,
    original,
    packages: packages.map(({ chat: { passed: _, ...chat }, ...each }, index) => {
      return { ...chat, ...each, front: front.has(index) };
    }),
    warnings,
  });
}

function conditionLine({
  metric,
  operator,
  limit,
  value,
  failed,
}: Verification["conditions"][number]): string {
  return `${failed ? "FAILS " : "passes"}     ${metric} ${operator} ${limit}: ${value ?? "not measured"}`;
}
