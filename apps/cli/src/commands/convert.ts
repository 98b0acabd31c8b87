import type { Artifact, BackendPlan } from "@pippin/core";
import { type Command, InvalidArgumentError } from "commander";
import { type Chosen, type Conversion, loadConversion, withChoices } from "../choices.ts";
import { type AnyBackend, CONFIG_FILE } from "../config.ts";
import { planConversion, writeConversion } from "../convert.ts";
import { addEngineOptions, convertWithEngine, type EngineFlags, refuseEngineFlags } from "../engines.ts";
import { lookFirst, planOnce } from "../look-first.ts";
import { addMixOptions, type MixFlags, mixFigures, mixText, prepareWeights } from "../mixed.ts";
import { MODEL_ARGUMENT } from "../model-argument.ts";
import { type RescaleChoice, rescaledModel, rescaleOption, rescalingText } from "../rescale.ts";
import { addSchemaOptions, parseSchemaOptions } from "../schema-options.ts";
import { formatBytes, formatSeconds, formatTable, printableLine, shellWord } from "../terminal/format.ts";
import { type Io, say, sayJson, stageContext } from "../terminal/io.ts";

export interface ConvertFlags extends MixFlags, Readonly<Record<string, unknown>> {
  readonly backend?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly rescale: RescaleChoice;
}

export async function define(
  command: Command,
  { io, argv }: { io: Io; argv: readonly string[] },
): Promise<void> {
  const conversion = await addConversion(command, argv, io);
  addEngineOptions(command);
  command
    .option("--json", "print the artifacts as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  pippin convert models/pip-chat --out build/pip\n  pippin convert SmolLM2-135M.gguf --program stateless --target ios17 --out build/smol",
    )
    .action((model: string | undefined) => {
      const chosen = withChoices<ConvertFlags & EngineFlags>(model, conversion, command);
      if (chosen.flags.engine !== "pippin") return convertWithEngine(chosen, conversion.backend, io);
      refuseEngineFlags(chosen.flags);
      return convert(chosen, conversion.backend, io);
    });
}

/** An empty `--out` is a variable of a script that is not set, not the current folder. */
export function outputPath(path: string): string {
  if (path !== "") return path;
  throw new InvalidArgumentError("It must not be empty");
}

/** The argument and options of every command that converts: ours, then those of the backend that was named. */
export async function addConversion(command: Command, argv: readonly string[], io: Io): Promise<Conversion> {
  const { backend, backends, config } = await loadConversion(argv, io.cwd);
  const known = backends.map(({ id, summary }) => `${id}${summary ? ` (${summary})` : ""}`).join(", ");
  command
    .argument("[model]", `${MODEL_ARGUMENT} (default: the model of ${CONFIG_FILE})`)
    .option("--backend <id>", `format to write: ${known}`)
    .option("--out <dir>", "folder to write (default: build/ and the model's name)", outputPath)
    .option("--force", "replace what is in the folder")
    .addOption(rescaleOption())
    .option("--dry-run", "say what would be written, and write nothing");
  addSchemaOptions(command, backend.options);
  if (backend.recipeEncodings !== undefined) addMixOptions(command);
  return { backend, config };
}

async function convert(
  { model: path, flags }: Chosen<ConvertFlags>,
  backend: AnyBackend,
  io: Io,
): Promise<void> {
  const context = stageContext(io);
  const given = await parseSchemaOptions(backend.options, flags);
  const began = performance.now();
  const looked = await lookFirst(path, { backend, options: given, flags }, context);
  const { out } = looked;
  if (flags.dryRun && looked.plan) return sayPlan(io, looked.plan, out);
  const opened = await looked.model.open();
  const prepared = await prepareWeights({ backend, model: opened, options: given }, flags, {
    io,
    context,
  });
  const { options, mix, finish } = prepared;
  const model = await rescaledModel(prepared.model, flags.rescale, context);
  const { rescaling } = model.decoder.spec;
  const plan = planOnce(looked, () => planConversion(backend, model, options));
  if (flags.dryRun) return sayPlan(io, plan, out);
  const artifacts = await writeConversion(
    { backend, model, plan },
    { out, force: flags.force ?? false },
    context,
  );
  await finish();
  const seconds = (performance.now() - began) / 1000;
  if (io.json)
    sayJson(io, {
      artifacts,
      ...(rescaling && { rescaling }),
      ...(mix && { mix: mixFigures(mix) }),
      warnings: context.warnings,
      seconds,
    });
  const rows = artifacts.map((artifact) => [
    io.strong(printableLine(artifact.path)),
    formatBytes(artifactBytes([artifact])),
    formatSeconds(seconds),
  ]);
  for (const line of formatTable(rows)) say(io, line);
  say(io, io.dim(choicesText(plan)));
  if (rescaling) say(io, io.dim(rescalingText(rescaling)));
  if (mix) say(io, io.dim(mixText(mix)));
  say(io, `next: npx pippin verify ${shellWord(out)} --against ${shellWord(path)}`);
}

/** What `--dry-run` prints. */
export function sayPlan(io: Io, plan: BackendPlan, out: string): void {
  const { outputBytes: bytes, choices, manifest } = plan;
  if (io.json) sayJson(io, { dryRun: true, out, bytes, choices, manifest });
  say(io, `would write ${printableLine(out)}: ${formatBytes(bytes)} (${choicesText(plan)})`);
}

export function artifactBytes(artifacts: readonly Artifact[]): number {
  return artifacts.flatMap(({ files }) => files).reduce((sum, file) => sum + file.size, 0);
}

function choicesText({ choices }: BackendPlan): string {
  return printableLine(
    Object.entries(choices)
      .map(([name, value]) => `${name} ${value}`)
      .join(", "),
  );
}
