import { join } from "node:path";
import type { Artifact } from "@pippin/core";
import { checkOutputFolder } from "@pippin/core/node";
import { readDecoder } from "@pippin/decoder";
import type { CoremltoolsOptions, Engine, Environment } from "@pippin/python";
import { type Command, Option } from "commander";
import { cacheFolder } from "./cache-folder.ts";
import type { Chosen } from "./choices.ts";
import { artifactBytes } from "./commands/convert.ts";
import type { AnyBackend } from "./config.ts";
import { defaultOut, writeOutput } from "./convert.ts";
import { usageError } from "./errors.ts";
import type { MixFlags } from "./mixed.ts";
import { type OpenModel, openFiles, packageName } from "./model.ts";
import type { RescaleChoice } from "./rescale.ts";
import { flagName, optionNames, parseSchemaOptions, positiveNumber } from "./schema-options.ts";
import { formatBytes, formatSeconds, formatTable, printableLine, shellWord } from "./terminal/format.ts";
import { type CommandContext, type Io, say, sayJson, stageContext } from "./terminal/io.ts";

/** Flags about the program that converts. */
export interface EngineFlags extends MixFlags, Readonly<Record<string, unknown>> {
  readonly engine: "pippin" | "coremltools";
  readonly python?: string;
  readonly engineTimeout?: number;
  readonly out?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly rescale: RescaleChoice;
}

export function addEngineOptions(command: Command): void {
  command
    .addOption(
      new Option(
        "--engine <choice>",
        "what converts: pippin itself, or Apple's coremltools in the environment of pippin python setup",
      )
        .choices(["pippin", "coremltools"])
        .default("pippin"),
    )
    .option(
      "--python <path>",
      "coremltools: a Python that has the packages already, in place of that environment",
    )
    .addOption(
      new Option(
        "--route <choice>",
        "coremltools: trace a decoder of the engine's own, or transformers' module for families that it does not know",
      ).choices(["own", "transformers"]),
    )
    .option("--engine-timeout <minutes>", "coremltools: stop after so long", positiveNumber);
}

/** @throws PippinError `CLI_USAGE` for options of another engine than the one that converts. */
export function refuseEngineFlags({ python, route, engineTimeout }: EngineFlags): void {
  const given = Object.entries({ python, route, engineTimeout });
  const [name] = given.find(([, value]) => value !== undefined) ?? [];
  if (name !== undefined)
    throw usageError(`${flagName(name)} is an option of --engine coremltools`, "Add that, or leave it out.");
}

/** Where an engine's environment and its logs are. */
export function engineFolders(io: Io): { readonly environment: string; readonly logs: string } {
  const engines = join(cacheFolder(io.env), "engines");
  return { environment: join(engines, "coremltools"), logs: join(engines, "logs") };
}

/**
 * Converts with a program that is not ours; the folder it leaves is as one of ours.
 *
 * @throws PippinError `PYTHON_*`, `CLI_USAGE`, and what opening a model throws.
 */
export async function convertWithEngine(
  { model: argument, flags }: Chosen<EngineFlags>,
  backend: AnyBackend,
  io: Io,
): Promise<void> {
  const { coremltoolsEngine: engine, needEnvironment } = await import("@pippin/python");
  checkFlags(flags, backend, engine);
  const options = await parseSchemaOptions(engine.options, flags);
  const context = stageContext(io);
  const began = performance.now();
  const model = await openFiles(argument, context);
  const out = flags.out ?? defaultOut(model.facts.name);
  await checkOutputFolder(out, flags);
  const { environment: folder, logs } = engineFolders(io);
  const environment = await needEnvironment({ folder, python: flags.python, env: io.env }, context);
  if (flags.dryRun) return sayDryRun(io, { engine, options, out, environment });
  const minutes = flags.engineTimeout;
  const run = {
    python: environment.python,
    env: io.env,
    logFolder: logs,
    ...(minutes !== undefined && { timeoutMs: minutes * 60_000 }),
  };
  const input = engineInput(model);
  const artifacts = await writeOutput(model, { out, force: flags.force ?? false }, context, (output) =>
    engine.convert(input, options, { ...run, output }, context),
  );
  const original = "pippin.spec" in input.metadata ? argument : undefined;
  const seconds = (performance.now() - began) / 1000;
  sayWritten(io, { artifacts, engine, out, original, seconds }, context);
}

/** Flags that only Pippin's own converter has must not be dropped in silence. */
function checkFlags(flags: EngineFlags, backend: AnyBackend, engine: Engine<CoremltoolsOptions>): void {
  if (backend.id !== "coreml")
    throw usageError(
      `--engine ${engine.id} writes Core ML packages, not ${backend.id}`,
      "Leave --backend out.",
    );
  const theirs = optionNames(engine.options);
  const ours = [...optionNames(backend.options), "bitsBudget", "maxSize", "calibration", "calibrate"];
  const foreign = ours.find((name) => name in flags && flags[name] !== undefined && !theirs.includes(name));
  const flag = flags.rescale === "none" ? foreign : "rescale";
  if (flag !== undefined)
    throw usageError(
      `${flagName(flag)} is not an option of --engine ${engine.id}`,
      `It has: ${theirs.join(", ")}. Leave --engine out to convert with Pippin itself.`,
    );
}

type Files = Omit<OpenModel, "decoder">;

function engineInput(model: Files) {
  const { name, revision, license, chatTemplate, stopTokens } = model.facts;
  const entries: [string, string | undefined][] = [
    ["pippin.spec", specOf(model)],
    ["pippin.source", name],
    ["pippin.revision", revision],
    ["pippin.chatTemplate", chatTemplate],
    ["pippin.stopTokens", stopTokens.join(",")],
    ["co.huggingface.exporters.name", name],
  ];
  const known = entries.filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    model: model.folder,
    name: packageName(name),
    facts: { source: name, revision, license, stopTokens },
    metadata: Object.fromEntries(known),
  };
}

/** What Pippin knows of the model; an engine may convert others, which lack it. */
function specOf({ checkpoint }: Files): string | undefined {
  try {
    return JSON.stringify(readDecoder(checkpoint).spec);
  } catch {
    return undefined;
  }
}

function sayDryRun(
  io: Io,
  {
    engine,
    options,
    out,
    environment,
  }: {
    readonly engine: Engine<CoremltoolsOptions>;
    readonly options: CoremltoolsOptions;
    readonly out: string;
    readonly environment: Environment;
  },
): void {
  if (io.json) sayJson(io, { dryRun: true, out, engine: engine.id, options, environment });
  const choices = Object.entries(options).map(([name, value]) => `${name} ${value}`);
  say(
    io,
    printableLine(
      `would write ${out} with ${engine.id}, Python ${environment.version} (${choices.join(", ")})`,
    ),
  );
}

function sayWritten(
  io: Io,
  given: {
    readonly artifacts: readonly Artifact[];
    readonly engine: Engine<CoremltoolsOptions>;
    readonly out: string;
    /** What it can be compared with: a model that Pippin knows. */
    readonly original: string | undefined;
    readonly seconds: number;
  },
  { warnings }: CommandContext,
): void {
  const { artifacts, engine, out, original, seconds } = given;
  if (io.json) sayJson(io, { artifacts, engine: engine.id, warnings, seconds });
  const rows = artifacts.map((artifact) => [
    io.strong(printableLine(artifact.path)),
    formatBytes(artifactBytes([artifact])),
    formatSeconds(seconds),
  ]);
  for (const line of formatTable(rows)) say(io, line);
  const verify = `verify ${shellWord(out)} --against ${shellWord(original ?? "")}`;
  say(io, `next: npx pippin ${original === undefined ? `inspect ${shellWord(out)}` : verify}`);
}
