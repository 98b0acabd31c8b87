import { join } from "node:path";
import { isPippinError, type StageContext } from "@pippin/core";
import { childEnvironment, type Variables } from "./child-environment.ts";
import { type PythonErrorCode, pythonError } from "./errors.ts";
import { failureOf } from "./failures.ts";
import { openLog } from "./log-file.ts";
import { type Message, parseMessage } from "./protocol.ts";
import { runProcess } from "./run-process.ts";

export interface PythonScript {
  /** The interpreter: of an environment, or any other. */
  readonly python: string;
  /** Path of a script that follows the protocol. */
  readonly script: string;
  readonly args?: readonly string[];
  /** Sent as one line of JSON. */
  readonly request?: unknown;
}

export interface PythonOptions {
  /** The caller's variables; few of them reach the program. */
  readonly env: Variables;
  /** What the script is to people: `the coremltools engine`. */
  readonly what: string;
  readonly cwd?: string;
  readonly timeoutMs?: number | undefined;
  /** Longest silence. */
  readonly idleTimeoutMs?: number | undefined;
  /** Folder for a log of all that is printed. */
  readonly logFolder?: string | undefined;
}

/** No module of the user's folders, no .pyc files beside our scripts, UTF-8 whatever the system's code page, no buffering. */
export const PYTHON_FLAGS: readonly string[] = ["-E", "-s", "-B", "-u", "-X", "utf8"];

/**
 * Runs a script of the protocol and gives its result. Progress and warnings go to the context; everything else that it prints is log.
 *
 * @throws PippinError `PYTHON_*` for every way in which it can fail, the script's own codes, `CORE_CANCELLED`.
 */
export async function runPython(
  { python, script, args = [], request }: PythonScript,
  options: PythonOptions,
  context: StageContext = {},
): Promise<unknown> {
  const { what, logFolder } = options;
  const log = logFolder === undefined ? undefined : await openLog(join(logFolder, logName()));
  const seen: Seen = { results: [], problem: undefined };
  try {
    const result = await runProcess(
      {
        command: python,
        args: [...PYTHON_FLAGS, script, ...args],
        env: childEnvironment(options.env, "run"),
        cwd: options.cwd,
        ...(request !== undefined && { input: `${JSON.stringify(request)}\n` }),
      },
      {
        signal: context.signal,
        timeoutMs: options.timeoutMs,
        idleTimeoutMs: options.idleTimeoutMs,
        log,
        onLine: (line) => {
          const message = parseMessage(line);
          if (message) take(message, seen, context);
          return message !== undefined;
        },
      },
    );
    if (seen.problem) throw problemOf(seen.problem, log?.path);
    if (result.end.kind !== "exited" || result.end.status !== 0)
      throw failureOf({ what, result, log: log?.path });
    if (seen.results.length !== 1) throw noResult(what, seen.results.length, log?.path);
    return seen.results[0];
  } catch (error) {
    if (isPippinError(error) && log) log.write(`${error.code}: ${error.message}`);
    throw error;
  } finally {
    await log?.close();
  }
}

interface Seen {
  readonly results: unknown[];
  problem: (Message & { pippin: "problem" }) | undefined;
}

function take(message: Message, seen: Seen, { progress, warn }: StageContext): void {
  switch (message.pippin) {
    case "progress": {
      const { done, total, item } = message;
      progress?.({ stage: "convert", unit: "steps", done, total, item });
      return;
    }
    case "warning": {
      const { code, message: text, hint } = message;
      warn?.({ code, message: text, hint });
      return;
    }
    case "problem":
      seen.problem = message;
      return;
    case "result":
      seen.results.push(message.value);
  }
}

function problemOf({ code, message, hint }: Message & { pippin: "problem" }, log: string | undefined) {
  // Our scripts use codes of this package; a stranger's line must not pretend to be another part of Pippin.
  const known = /^PYTHON_[A-Z_]{1,60}$/.test(code) ? (code as PythonErrorCode) : "PYTHON_FAILED";
  return pythonError(known, { message, hint, details: { ...(log && { log }) } });
}

function noResult(what: string, count: number, log: string | undefined) {
  return pythonError("PYTHON_NO_RESULT", {
    message: `${what} ended without an error and gave ${count === 0 ? "no result" : `${count} results`}`,
    hint: `The Python that was started is not one, or its environment was changed; run pippin python setup.${log ? ` All it printed is in ${log}.` : ""}`,
  });
}

function logName(): string {
  return `${new Date().toISOString().replaceAll(/[:.]/g, "-")}-${process.pid}.log`;
}
