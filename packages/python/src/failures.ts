import type { PippinError } from "@pippin/core";
import { type PythonErrorCode, pythonError } from "./errors.ts";
import type { ProcessEnd, ProcessResult } from "./run-process.ts";

interface KnownFailure {
  readonly pattern: RegExp;
  readonly code: PythonErrorCode;
  readonly hint: string;
}

/** What known reasons look like in a program's last words. The first that fits is taken. */
const KNOWN: readonly KnownFailure[] = [
  {
    pattern: /No space left on device|\[Errno 28\]|Disk quota exceeded/i,
    code: "PYTHON_DISK_FULL",
    hint: "Free some space, or put the cache elsewhere with PIPPIN_CACHE; the output's disk needs about three times the model's size.",
  },
  {
    pattern: /^MemoryError|std::bad_alloc|Cannot allocate memory|can't allocate memory|\[Errno 12\]/m,
    code: "PYTHON_OUT_OF_MEMORY",
    hint: "The engine holds the whole model in memory, several times over; --engine pippin streams it.",
  },
  {
    pattern:
      /only 0-dimensional arrays can be converted|numpy\.(dtype|core\.multiarray).* (size changed|failed to import)/,
    code: "PYTHON_NUMPY_UNFIT",
    hint: "coremltools 9.0 needs numpy below 2.4: run pippin python setup, which pins it.",
  },
  {
    pattern: /^(ModuleNotFoundError|ImportError):/m,
    code: "PYTHON_MODULE_MISSING",
    hint: "Run pippin python setup to install it; an environment named with --python needs the same packages.",
  },
];

/** Progress bars and warnings say nothing of a failure. */
const NOISE =
  /\d+%\||^\s*\^+\s*$|Warning: |^Failed to load _ML|not been tested with coremltools|is not supported\. Minimum/;
const MAX_SHOWN = 3;
const MAX_SHOWN_LENGTH = 300;

/**
 * The last lines that tell why: of a traceback the exception with its message, else the last lines that are no progress
 * bars.
 */
export function usefulLines(tail: readonly string[]): string[] {
  const traceback = tail.findLastIndex((line) => line.startsWith("Traceback (most recent call last)"));
  const after = traceback < 0 ? [] : tail.slice(traceback + 1);
  const exception = after.findIndex((line) => /^[A-Za-z_][\w.]*(:|$)/.test(line));
  const lines = exception < 0 ? lastWords(tail) : after.slice(exception);
  return lines.slice(0, MAX_SHOWN).map((line) => shorten(line.trim()));
}

/** Without a whole traceback: a line that names an error, else the last ones. */
function lastWords(tail: readonly string[]): readonly string[] {
  const error = tail.findLast((line) => /^[A-Za-z_][\w.]*(Error|Exception)(:|$)/.test(line));
  return error === undefined ? tail.filter((line) => !NOISE.test(line)).slice(-MAX_SHOWN) : [error];
}

function shorten(line: string): string {
  return line.length <= MAX_SHOWN_LENGTH ? line : `${line.slice(0, MAX_SHOWN_LENGTH)}…`;
}

export interface Failure {
  /** What was done, for the message: `the coremltools engine`. */
  readonly what: string;
  readonly result: ProcessResult;
  /** Where the whole output is. */
  readonly log: string | undefined;
  /** For failures that are not known. */
  readonly otherwise?: { readonly code: PythonErrorCode; readonly hint: string };
}

/** The error for a program that did not do its work. */
export function failureOf({ what, result, log, otherwise }: Failure): PippinError<PythonErrorCode> {
  const { end, tail } = result;
  const lines = usefulLines(tail);
  const said = lines.length > 0 ? `: ${lines.join(" ")}` : "";
  const where = log === undefined ? "" : ` All it printed is in ${log}.`;
  const make = (code: PythonErrorCode, message: string, hint: string) =>
    pythonError(code, { message, hint: `${hint}${where}`, details: { end, lines, ...(log && { log }) } });
  const known = KNOWN.find(({ pattern }) => pattern.test(lines.join("\n")));
  const unfinished = unfinishedOf(end, what);
  if (unfinished) return make(unfinished.code, `${unfinished.message}${said}`, unfinished.hint);
  const status = end.kind === "exited" ? ` ended with status ${end.status}` : " failed";
  if (known) return make(known.code, `${what}${status}${said}`, known.hint);
  const { code = "PYTHON_FAILED", hint = "Python's own words are above." } = otherwise ?? {};
  return make(code, `${what}${status}${said}`, hint);
}

function unfinishedOf(
  end: ProcessEnd,
  what: string,
): (Omit<KnownFailure, "pattern"> & { message: string }) | undefined {
  switch (end.kind) {
    case "timeout":
      return {
        code: "PYTHON_TIMEOUT",
        message: `${what} was ended after ${seconds(end.afterMs)}`,
        hint: "Give it more time, or a smaller model.",
      };
    case "stalled":
      return {
        code: "PYTHON_STALLED",
        message: `${what} printed nothing for ${seconds(end.afterMs)} and was ended`,
        hint: "It hangs, or this machine is very slow.",
      };
    case "not-started":
      return {
        code: "PYTHON_NOT_STARTED",
        message: `${what} could not be started: ${end.reason}`,
        hint: "Check that the program exists and may be executed.",
      };
    case "killed":
      return {
        code: "PYTHON_KILLED",
        message: `${what} was ended by ${end.signal}`,
        hint:
          end.signal === "SIGKILL"
            ? "Memory probably ran out: the engine holds the whole model, several times over; --engine pippin streams it."
            : "Python or a library of it crashed, or somebody ended it.",
      };
    case "exited":
      // What shells and containers make of SIGKILL.
      return end.status === 137 ? unfinishedOf({ kind: "killed", signal: "SIGKILL" }, what) : undefined;
  }
}

function seconds(ms: number): string {
  return ms < 120_000 ? `${ms / 1000} s` : `${Math.round(ms / 60_000)} min`;
}
