import { join } from "node:path";
import { type Machine, nodeMachine } from "../../src/index.ts";
import { type Fakes, tempFolder, writeFakes } from "./fake-tools.ts";

export interface FakeMachineOptions {
  readonly fakes: Fakes;
  readonly env?: Readonly<Record<string, string>>;
  /** In place of what the real machine has. */
  readonly machine?: Partial<Machine>;
}

/** How long a fake may take where a test wants to see it hang. */
const SHORT_MS = 400;

/** This machine, but for its tools: on the path are the fakes alone. They really run. */
export function fakeMachine({ fakes, env = {}, machine = {} }: FakeMachineOptions): Machine {
  const folder = tempFolder();
  writeFakes(join(folder, "bin"), fakes);
  const real = nodeMachine({
    env: { HOME: join(folder, "bin/home"), ...env, PATH: join(folder, "bin") },
    currentFolder: folder,
    cacheFolder: join(folder, "cache"),
  });
  return { ...real, ...machine };
}

/** The same tools under a short clock; what is reported is the clock that was asked for. */
export function impatient(machine: Machine): Machine {
  return {
    ...machine,
    run: (name, args, options) => machine.run(name, args, { ...options, timeoutMs: SHORT_MS }),
  };
}
