import { PassThrough } from "node:stream";
import { run } from "../../src/run.ts";
import type { CliOptions, CliResult } from "./run-cli.ts";

export interface TerminalOptions extends CliOptions {
  /** Streams that say they are a terminal. */
  readonly tty?: boolean;
}

/** Runs a command line in this process: quicker than a child, and with a terminal that tests can read. */
export async function runInProcess(
  args: readonly string[],
  { cwd = process.cwd(), env = {}, input = "", tty = false }: TerminalOptions = {},
): Promise<CliResult> {
  const stream = () =>
    Object.assign(new PassThrough({ highWaterMark: 2 ** 30 }), { isTTY: tty, columns: 80 });
  const [stdin, stdout, stderr] = [stream(), stream(), stream()];
  stdin.end(input);
  const status = await run(args, { stdin, stdout, stderr, env, cwd });
  return { status, signal: null, stdout: drain(stdout), stderr: drain(stderr) };
}

function drain(stream: PassThrough): string {
  return String(stream.read() ?? "");
}
