import type { StageContext } from "@pippin/core";
import { childEnvironment, type Variables } from "./child-environment.ts";
import { type PythonErrorCode, pythonError } from "./errors.ts";
import { runProcess } from "./run-process.ts";

/** A Python that answered. */
export interface FoundPython {
  /** Path of the interpreter, as it calls itself. */
  readonly path: string;
  /** `3.11.7`. */
  readonly version: string;
}

export interface FindPythonOptions {
  readonly env: Variables;
  /** Oldest version that will do: `3.11`. */
  readonly minimum?: string;
  /** First version that will not: `3.14`. */
  readonly below?: string;
  /** Commands or paths to try, in order; a launcher's argument may follow: `py -3`. */
  readonly candidates?: readonly string[];
}

/** coremltools' own oldest version. */
const MINIMUM = "3.9";
const ANSWER_MS = 20_000;
const QUESTION = 'import sys; print("%d.%d.%d" % sys.version_info[:3]); print(sys.executable)';

/** What Pythons are called, those by version last: `python3` may be too new where one of them is not. */
const CANDIDATES: readonly string[] =
  process.platform === "win32"
    ? ["python", "py -3", "python3"]
    : ["python3", "python", "python3.13", "python3.12", "python3.11"];

/**
 * The first Python among the candidates that fits.
 *
 * @throws PippinError `PYTHON_MISSING`, `PYTHON_TOO_OLD`, `PYTHON_TOO_NEW`, `CORE_CANCELLED`.
 */
export async function findPython(
  options: FindPythonOptions,
  context: StageContext = {},
): Promise<FoundPython> {
  const { minimum = MINIMUM, below, candidates = CANDIDATES } = options;
  const unfit: { readonly python: FoundPython; readonly code: "PYTHON_TOO_OLD" | "PYTHON_TOO_NEW" }[] = [];
  for (const candidate of candidates) {
    const python = await askPython(candidate, options, context);
    if (python === undefined) continue;
    if (compareVersions(python.version, minimum) < 0) unfit.push({ python, code: "PYTHON_TOO_OLD" });
    else if (below !== undefined && compareVersions(python.version, below) >= 0)
      unfit.push({ python, code: "PYTHON_TOO_NEW" });
    else return python;
  }
  const [first] = unfit;
  if (first === undefined) throw missing(candidates);
  throw doesNotFit(first, { minimum, below });
}

/** What a candidate says of itself; `undefined` when it is none, as Windows' stand-in that opens a shop. */
async function askPython(
  candidate: string,
  { env }: FindPythonOptions,
  { signal }: StageContext,
): Promise<FoundPython | undefined> {
  const [command, args] = candidate === "py -3" ? ["py", ["-3"]] : [candidate, []];
  const printed: string[] = [];
  const { end } = await runProcess(
    { command, args: [...args, "-I", "-c", QUESTION], env: childEnvironment(env, "run") },
    { signal, timeoutMs: ANSWER_MS, onLine: (line) => printed.push(line) > 0 },
  );
  const [version = "", path = ""] = printed;
  const answered =
    end.kind === "exited" && end.status === 0 && /^\d+\.\d+\.\d+$/.test(version) && path !== "";
  return answered ? { path, version } : undefined;
}

/** Negative when `a` is older than `b`; parts that `b` does not name do not count. */
function compareVersions(a: string, b: string): number {
  const [ours, theirs] = [a, b].map((version) => version.split(".").map(Number)) as [number[], number[]];
  for (const [index, part] of theirs.entries()) {
    const difference = (ours[index] ?? 0) - part;
    if (difference !== 0) return difference;
  }
  return 0;
}

function missing(candidates: readonly string[]) {
  return pythonError("PYTHON_MISSING", {
    message: `no Python answered: tried ${candidates.join(", ")}`,
    hint: "Install Python 3.11 to 3.13 (macOS: brew install python@3.13, Debian: apt install python3 python3-venv), or name one with --python. Only the Python engines need it; --engine pippin does not.",
    details: { candidates },
  });
}

function doesNotFit(
  { python, code }: { readonly python: FoundPython; readonly code: PythonErrorCode },
  { minimum, below }: { readonly minimum: string; readonly below: string | undefined },
) {
  const range = below === undefined ? `${minimum} or newer` : `${minimum} or newer and older than ${below}`;
  return pythonError(code, {
    message: `${python.path} is Python ${python.version}, and ${range} is needed`,
    hint: "Install another one beside it and name it with --python; the systems' own Python can stay as it is.",
    details: { ...python, minimum, ...(below !== undefined && { below }) },
  });
}
