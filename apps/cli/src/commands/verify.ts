import { type Command, Option } from "commander";
import { openModel } from "../model.ts";
import { openPackage, startRunner } from "../package.ts";
import { checkParity, MAX_PROMPTS, parityLine, TIE_MARGIN } from "../parity.ts";
import { wholeNumber } from "../schema-options.ts";
import { type Io, say, sayJson, stageContext } from "../terminal/io.ts";

/** Differences that are listed for people; `--json` has them all. */
const MAX_LISTED = 5;

interface Flags {
  readonly against: string;
  readonly tokens: number;
  readonly prompts: number;
  readonly precision: "fp16" | "fp32";
}

export function define(command: Command, { io }: { io: Io }): void {
  command
    .argument("<package>", "folder that pippin convert wrote, or the package in it")
    .requiredOption("--against <model>", "the model that it was made from")
    .option("--tokens <n>", "greedy tokens compared after each prompt", wholeNumber({ min: 1 }), 32)
    .option("--prompts <n>", `prompts, at most ${MAX_PROMPTS}`, wholeNumber({ min: 1, max: MAX_PROMPTS }), 3)
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
      "\nExits with 1 when the package differs from the model.\n\nExample:\n  pippin verify build/pip --against models/pip-chat",
    )
    .action((path: string, flags: Flags) => verify(path, flags, io));
}

async function verify(path: string, { against, tokens, prompts, precision }: Flags, io: Io): Promise<void> {
  const context = stageContext(io);
  const model = await openModel(against, context);
  await using opened = await openPackage(path, io);
  await using candidate = await startRunner(opened, { precision }, context);
  const verdict = await checkParity({ model, candidate }, { prompts, tokens }, context);
  if (io.json) sayJson(io, { ...verdict, warnings: context.warnings });
  say(io, parityLine(verdict));
  const { differences } = verdict.greedy;
  for (const { prompt, step, margin } of differences.slice(0, MAX_LISTED)) {
    const kind = margin < TIE_MARGIN ? "a near tie" : "an error";
    say(io, `  prompt ${prompt + 1}, token ${step + 1}: margin ${margin.toFixed(3)}, ${kind}`);
  }
  if (differences.length > MAX_LISTED) say(io, `  and ${differences.length - MAX_LISTED} more`);
  if (!verdict.passed) io.fail();
}
