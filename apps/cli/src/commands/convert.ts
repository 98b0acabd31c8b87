import type { Command } from "commander";
import { chooseBackend, loadBackends } from "../config.ts";
import { planConversion, writeConversion } from "../convert.ts";
import { openModel, packageName } from "../model.ts";
import { addSchemaOptions, flagValue, parseSchemaOptions } from "../schema-options.ts";
import { formatBytes, formatSeconds, formatTable } from "../terminal/format.ts";
import { type Io, say, sayJson, stageContext } from "../terminal/io.ts";

interface Flags extends Readonly<Record<string, unknown>> {
  readonly backend?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export async function define(
  command: Command,
  { io, argv }: { io: Io; argv: readonly string[] },
): Promise<void> {
  const backends = await loadBackends(io.cwd);
  const backend = chooseBackend(backends, flagValue(argv, "--backend"));
  command
    .argument("<model>", "folder, .safetensors or .gguf file")
    .option("--backend <id>", `format to write: ${backends.map(({ id }) => id).join(", ")}`)
    .option("--out <dir>", "folder to write (default: build/ and the model's name)")
    .option("--force", "replace what is in the folder")
    .option("--dry-run", "say what would be written, and write nothing")
    .option("--json", "print the artifacts as JSON");
  addSchemaOptions(command, backend.options);
  command.addHelpText(
    "after",
    "\nExamples:\n  pippin convert models/pip-chat --out build/pip\n  pippin convert SmolLM2-135M.gguf --program stateless --target ios17 --out build/smol",
  );
  command.action(async (path: string, flags: Flags) => {
    const options = parseSchemaOptions(backend.options, flags);
    const began = performance.now();
    const model = await openModel(path, io);
    const plan = planConversion(backend, model, options);
    const out = flags.out ?? `build/${packageName(model.facts.name)}`;
    const choices = Object.entries(plan.choices)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ");
    if (flags.dryRun) {
      if (io.json)
        sayJson(io, {
          dryRun: true,
          out,
          bytes: plan.outputBytes,
          choices: plan.choices,
          manifest: plan.manifest,
        });
      say(io, `would write ${out}: ${formatBytes(plan.outputBytes)} (${choices})`);
      return;
    }
    const context = stageContext(io);
    const artifacts = await writeConversion(
      { backend, model, plan },
      { out, force: flags.force ?? false },
      context,
    );
    const seconds = (performance.now() - began) / 1000;
    if (io.json) sayJson(io, { artifacts, warnings: context.warnings, seconds });
    const rows = artifacts.map(({ path: place, files }) => [
      io.strong(place),
      formatBytes(files.reduce((sum, file) => sum + file.size, 0)),
      formatSeconds(seconds),
    ]);
    for (const line of formatTable(rows)) say(io, line);
    say(io, io.dim(choices));
    say(io, `next: pippin verify ${out} --against ${path}`);
  });
}
