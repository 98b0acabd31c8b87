import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";

export const REPOSITORY: string = join(import.meta.dirname, "../../../..");
export const BIN: string = join(REPOSITORY, "apps/cli/bin/pippin.js");
export const PIP_CHAT: string = join(REPOSITORY, "models/pip-chat");

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What is piped to stdin; default: nothing. */
  readonly input?: string;
}

export interface CliResult {
  /** `null` when a signal ended the process. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line as users do, without their terminal. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { child, result } = startCli(args, options);
  child.stdin?.end(options.input ?? "");
  return result;
}

/** The same, for those who have something to do with the process while it runs. */
export function startCli(
  args: readonly string[],
  { cwd, env = {} }: CliOptions = {},
): { readonly child: ChildProcess; readonly result: Promise<CliResult> } {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd,
    env: { ...withoutHints(process.env), ...env },
    stdio: "pipe",
  });
  // The command may end before it has read everything.
  child.stdin.on("error", () => undefined);
  const ended = new Promise<Pick<CliResult, "status" | "signal">>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => resolve({ status, signal }));
  });
  const result = Promise.all([ended, text(child.stdout), text(child.stderr)]).then(
    ([end, stdout, stderr]) => ({ ...end, stdout, stderr }),
  );
  return { child, result };
}

/** The environment without what tells a program how to print. */
function withoutHints(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NO_COLOR, FORCE_COLOR, CI, PIPPIN_DEBUG, NODE_OPTIONS, ...rest } = env;
  return rest;
}
