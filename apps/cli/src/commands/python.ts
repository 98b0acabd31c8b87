import type { Command } from "commander";
import { engineFolders } from "../engines.ts";
import { printableLine } from "../terminal/format.ts";
import { type Io, say, sayJson, stageContext } from "../terminal/io.ts";

interface SetupFlags {
  readonly python?: string;
  readonly index?: string;
  readonly wheels?: string;
  readonly dryRun?: boolean;
}

const HELP = `
The engine of pippin convert --engine coremltools runs in a virtual environment of its own, with pinned versions. Nothing else of
Pippin needs Python.

Examples:
  pippin python setup
  pippin python setup --python python3.12
  pippin convert models/pip-chat --engine coremltools --out build/pip-coremltools`;

export function define(command: Command, { io }: { io: Io }): void {
  command.addHelpText("after", HELP);
  command
    .command("setup")
    .summary("make the environment, or complete it")
    .description(
      "makes a virtual environment in the cache folder and installs coremltools, torch and what they need",
    )
    .option("--python <path>", "the Python to make it of, 3.11 to 3.13 (default: the first that fits)")
    .option("--index <url>", "another package index beside pip's own, such as one with torch for CPUs")
    .option("--wheels <dir>", "a folder of wheels")
    .option("--dry-run", "say what would be made, and make nothing")
    .option("--json", "print the environment as JSON")
    .action((flags: SetupFlags) => setup(flags, io));
  command
    .command("status")
    .summary("say whether the environment is there")
    .description("says whether the environment is there and complete")
    .option("--json", "print it as JSON")
    .action(() => status(io));
  command
    .command("remove")
    .summary("delete the environment")
    .description("deletes the environment from the cache folder")
    .option("--dry-run", "say what would be deleted, and delete nothing")
    .option("--json", "print it as JSON")
    .action((flags: { readonly dryRun?: boolean }) => remove(flags, io));
}

async function setup({ dryRun, ...source }: SetupFlags, io: Io): Promise<void> {
  const { setupEnvironment, findPython, PINNED_PYTHON } = await import("@pippin/python");
  const { environment: folder, logs: logFolder } = engineFolders(io);
  const context = stageContext(io);
  if (dryRun) {
    const candidates = source.python === undefined ? {} : { candidates: [source.python] };
    const python = await findPython({ ...PINNED_PYTHON, ...candidates, env: io.env }, context);
    if (io.json) sayJson(io, { dryRun: true, folder, python });
    return say(io, printableLine(`would make ${folder} of ${python.path}, Python ${python.version}`));
  }
  const environment = await setupEnvironment({ folder, ...source, env: io.env, logFolder }, context);
  if (io.json) sayJson(io, { state: "ready", folder, environment, warnings: context.warnings });
  say(io, printableLine(`${folder} is ready, Python ${environment.version}`));
  say(io, "next: npx pippin convert MODEL --engine coremltools");
}

async function status(io: Io): Promise<void> {
  const { environmentStatus } = await import("@pippin/python");
  const found = await environmentStatus(engineFolders(io).environment);
  if (io.json) sayJson(io, found);
  const version = found.state === "ready" ? `, Python ${found.environment.version}` : "";
  say(io, printableLine(`${found.state}: ${found.folder}${version}`));
  if (found.state !== "ready") say(io, "next: npx pippin python setup");
}

async function remove({ dryRun }: { readonly dryRun?: boolean }, io: Io): Promise<void> {
  const { environmentStatus, removeEnvironment } = await import("@pippin/python");
  const { environment: folder } = engineFolders(io);
  const present = dryRun
    ? (await environmentStatus(folder)).state !== "missing"
    : await removeEnvironment(folder);
  if (io.json) return sayJson(io, { folder, ...(dryRun ? { dryRun: true, present } : { removed: present }) });
  const verb = dryRun ? "would delete" : "deleted";
  say(io, printableLine(present ? `${verb} ${folder}` : `there is no environment in ${folder}`));
}
