import type { DevicePlan, ModelPlan, PlanTable, Recommendation } from "@pippin/plan";
import { type Command, Option } from "commander";
import { type Chosen, type Conversion, loadConversion, withChoices } from "../choices.ts";
import { CONFIG_FILE } from "../config.ts";
import { usageError } from "../errors.ts";
import { MODEL_ARGUMENT } from "../model-argument.ts";
import { peek } from "../peek.ts";
import { devicesOf, planCandidates } from "../planning.ts";
import { checkPagePath, writeWhole } from "../report.ts";
import { addSchemaOptions, flagText, optionNames, several, wholeNumber } from "../schema-options.ts";
import { formatTable, printableLine, shellWord } from "../terminal/format.ts";
import { type Io, say, sayJson, stageContext } from "../terminal/io.ts";
import { checkConfig, writeConfig } from "../write-config.ts";

interface Flags extends Readonly<Record<string, unknown>> {
  readonly device: readonly string[];
  readonly engine: readonly string[];
  readonly prompt?: number;
  readonly html?: string;
  readonly write?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

/** Options of a backend that planning varies, or that change nothing it says. */
const FOUND = ["quantize", "recipe", "prefill", "chunkHashes", "overflow"];
/** So many devices are shown with every candidate. */
const MOST_DETAILED = 2;

export async function define(
  command: Command,
  { io, argv }: { io: Io; argv: readonly string[] },
): Promise<void> {
  const { backend, backends, config: whole } = await loadConversion(argv, io.cwd);
  // A plan looks for the options that the file would give.
  const { convert: _, ...config } = whole;
  command
    .argument("[model]", `${MODEL_ARGUMENT} (default: the model of ${CONFIG_FILE}); its weights are not read`)
    .addOption(
      new Option("--device <name>", "id, name or identifier; iphone, ipad, mac, all; several times")
        .argParser(several)
        .default([], "a short list"),
    )
    .option("--prompt <n>", "tokens of the prompt before the first token", wholeNumber({ min: 1 }))
    .option("--backend <id>", `format to plan for: ${backends.map(({ id }) => id).join(", ")}`)
    .addOption(
      new Option("--engine <id>", "only what this engine runs, such as coreml-gpu; several times")
        .argParser(several)
        .default([], "all"),
    )
    .option("--html <file>", "write a page that draws the memory of every device")
    .option("--write", `write the recommendation for one device into ${CONFIG_FILE}`)
    .option("--dry-run", "with --write: say what would be written, and write nothing")
    .option("--force", `with --write: replace the choices for another model`)
    .option("--json", "print the plan as JSON");
  addSchemaOptions(command, backend.options, { except: FOUND });
  command
    .addHelpText(
      "after",
      '\nExamples:\n  pippin plan models/pip-chat\n  pippin plan models/pip-chat --device "iPhone 15 Pro" --write\n  pippin plan models/pip-chat --device all --html plan.html',
    )
    .action((model: string | undefined) =>
      plan(withChoices<Flags>(model, { backend, config }, command), backend, io),
    );
}

async function plan(
  { model: argument, flags }: Chosen<Flags>,
  backend: Conversion["backend"],
  io: Io,
): Promise<void> {
  const context = stageContext(io);
  const devices = devicesOf(flags.device);
  if (flags.write && devices.length !== 1)
    throw usageError(
      `--write takes one device, ${devices.length} are planned for`,
      "Name it: --device iphone-16.",
    );
  if (flags.html !== undefined) await checkPagePath(flags.html);
  const { planModel, renderPlanHtml } = await import("@pippin/plan");
  const model = await peek(argument, context);
  const { facts, decoder } = model;
  const candidates = await planCandidates({ backend, model }, flags);
  const reference = facts.revision === undefined ? argument : undefined;
  const result = planModel(
    {
      ...{ spec: decoder.spec, facts, reference, candidates },
      backend: backend.id,
      optionNames: optionNames(backend.options),
    },
    { devices, promptTokens: flags.prompt },
  );
  const chosen = flags.write ? writable(result.devices[0]!) : undefined;
  if (chosen) await checkConfig(io.cwd, chosen.config, flags);
  if (flags.html !== undefined) await writeWhole(flags.html, renderPlanHtml(result));
  if (chosen && !flags.dryRun) await writeConfig(io.cwd, chosen.config);
  if (io.json) return sayJson(io, { ...result, warnings: context.warnings });
  await sayPlan(io, result);
  if (flags.html !== undefined) say(io, `page  ${printableLine(flags.html)}`);
  if (chosen) say(io, `${flags.dryRun ? "would write" : "wrote"} ${CONFIG_FILE}`);
  const next = chosen && !flags.dryRun ? "" : ` ${shellWord(argument)}`;
  if (result.devices.length === 1 && result.devices[0]!.recommendation)
    say(io, `next: npx pippin deploy${next}${next && convertFlags(result.devices[0]!.recommendation)}`);
}

/** @throws PippinError `CLI_USAGE` where nothing fits. */
function writable({ name, recommendation, obstacle }: DevicePlan): Recommendation {
  if (recommendation !== null) return recommendation;
  throw usageError(`there is nothing to write for ${name}: ${obstacle}`, "Choose a smaller model.");
}

/** The recommendation as the flags of a conversion. */
function convertFlags({ config }: Recommendation): string {
  return Object.entries(config.convert)
    .map(([name, value]) => ` ${flagText(name, value)}`)
    .join("");
}

async function sayPlan(io: Io, plan: ModelPlan): Promise<void> {
  const { planSummary, planTables } = await import("@pippin/plan");
  for (const line of planSummary(plan)) say(io, printableLine(line));
  const details = plan.devices.length <= MOST_DETAILED;
  for (const table of planTables(plan, { details })) sayTable(io, table);
  for (const { name, recommendation } of details ? plan.devices : []) {
    if (recommendation === null) continue;
    const { why, caution, prefillReason } = recommendation;
    say(io, `\n${io.strong(printableLine(name))}: ${printableLine(why)}`);
    if (caution !== null) say(io, `but: ${printableLine(caution)}`);
    if (prefillReason !== null) say(io, `prefill: ${printableLine(prefillReason)}`);
  }
  say(
    io,
    io.dim("\nMemory limits marked ~ come from a rule, speeds from a formula; none was measured here."),
  );
}

function sayTable(io: Io, { title, columns, rows, notes = [] }: PlanTable): void {
  say(io, `\n${io.strong(printableLine(title))}`);
  const cells = [columns, ...rows].map((row) => row.map(printableLine));
  for (const line of formatTable(cells)) say(io, `  ${line}`);
  for (const note of notes) say(io, `  ${printableLine(note)}`);
}
