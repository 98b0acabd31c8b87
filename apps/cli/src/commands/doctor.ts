import { resolve } from "node:path";
import {
  type Diagnosis,
  examine,
  type HubProbe,
  nodeMachine,
  WORKFLOWS,
  type Workflow,
} from "@pippin/doctor";
import { type Command, Option } from "commander";
import { cacheFolder } from "../cache-folder.ts";
import { reportLines } from "../doctor-report.ts";
import { usageError } from "../errors.ts";
import { settingsOf } from "../model-argument.ts";
import { type CommandContext, type Io, say, sayJson, stageContext } from "../terminal/io.ts";

interface Flags {
  readonly for?: readonly Workflow[];
}

/** Where stdout has no width: a pipe, a file. */
const DEFAULT_COLUMNS = 100;

export function define(command: Command, { io }: { io: Io }): void {
  command
    .addOption(
      new Option(
        "--for <workflow>",
        `look at what one of these needs: ${WORKFLOWS.join(", ")} (several with commas)`,
      ).argParser(parseWorkflows),
    )
    .option("--json", "print every finding as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  pippin doctor --for xcode\n  pippin doctor\n\nExit status: 0 when all of --for is ready (without it: when conversion is), else 3.",
    )
    .action((flags: Flags) => doctor(flags, io));
}

function parseWorkflows(text: string, previous: readonly Workflow[] = []): Workflow[] {
  const words = text.split(",").map((word) => word.trim());
  const known = words.filter((word): word is Workflow => WORKFLOWS.some((workflow) => workflow === word));
  if (known.length < words.length) {
    const stranger = words.find((word) => !known.some((workflow) => workflow === word));
    throw usageError(
      `--for does not know ${JSON.stringify(stranger)}`,
      `Choose from ${WORKFLOWS.join(", ")}.`,
    );
  }
  return [...new Set([...previous, ...known])];
}

async function doctor(flags: Flags, io: Io): Promise<void> {
  const context = stageContext(io);
  const machine = nodeMachine({
    env: io.env,
    currentFolder: io.cwd,
    cacheFolder: cacheFolder(io.env),
    hub: await hubProbe(context, io.cwd),
  });
  const diagnosis = await examine(machine, flags.for === undefined ? {} : { for: flags.for }, context);
  if (io.json) sayJson(io, { ...diagnosis, ready: isReady(diagnosis, flags) });
  else
    for (const line of reportLines(asAsked(diagnosis), {
      ...io,
      columns: io.stdout.columns || DEFAULT_COLUMNS,
    }))
      say(io, line);
  if (!isReady(diagnosis, flags)) io.unfit();
}

/** What is needed for something else alone is optional here. */
function asAsked({ checks, workflows }: Diagnosis): Diagnosis {
  const asked = workflows.map(({ id }) => id);
  return {
    checks: checks.map((check) => ({ ...check, for: check.for.filter((id) => asked.includes(id)) })),
    workflows,
  };
}

/** The Hub as the environment names it; doctor itself knows nothing of it. */
async function hubProbe(context: CommandContext, cwd: string): Promise<HubProbe> {
  const { reachHub } = await import("@pippin/hub");
  const settings = await settingsOf(context);
  const { endpoint, offline, token } = settings;
  const cacheDir = resolve(cwd, settings.cacheDir);
  const reach = (signal: AbortSignal) => reachHub(settings, { signal });
  return { endpoint, offline, hasToken: token !== undefined, cacheDir, reach };
}

/** Everything that was asked for; without a question what Pippin itself does. */
function isReady({ workflows }: Diagnosis, { for: asked = ["convert"] }: Flags): boolean {
  return workflows.every(({ id, ready }) => ready || !asked.includes(id));
}
