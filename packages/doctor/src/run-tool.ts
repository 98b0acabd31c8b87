import { parse } from "node:path";
import { execa } from "execa";
import type { RunOptions, RunResult } from "./machine.ts";

/**
 * Runs a program and its children under a clock.
 *
 * Without a shell, with nothing on stdin, in the root folder, so that no file of the current one decides what runs.
 *
 * @param file - an absolute path.
 */
export async function runTool(
  file: string,
  args: readonly string[],
  { timeoutMs, signal, input = "", maxBytes, env }: RunOptions & { readonly env: Record<string, string> },
): Promise<RunResult> {
  const result = await execa(file, args, {
    ...(signal && { cancelSignal: signal }),
    input,
    env,
    extendEnv: false,
    cwd: parse(file).root,
    timeout: timeoutMs,
    maxBuffer: maxBytes,
    killSignal: "SIGKILL",
    killDescendants: true,
    reject: false,
    windowsHide: true,
  });
  signal?.throwIfAborted();
  if (result.timedOut) return { kind: "timeout" };
  if (result.isMaxBuffer) return { kind: "flooded" };
  if (result.exitCode !== undefined) {
    return { kind: "exited", status: result.exitCode, stdout: result.stdout, stderr: result.stderr };
  }
  if (result.signal !== undefined) return { kind: "crashed", signal: result.signal };
  return { kind: "unstartable", reason: result.code ?? "for an unknown reason" };
}
