import { join } from "node:path";
import type { PippinError, StageContext } from "@pippin/core";
import { childEnvironment, type Variables } from "./child-environment.ts";
import type { PythonErrorCode } from "./errors.ts";
import { failureOf } from "./failures.ts";
import { type LogFile, openLog } from "./log-file.ts";
import type { Pins } from "./pins.ts";
import { type ProcessResult, runProcess } from "./run-process.ts";

/** Where packages come from, beside pip's own configuration. */
export interface InstallSource {
  /** URL of another index; may name a CPU build of torch, which is far smaller than Linux's usual one. */
  readonly index?: string | undefined;
  /** Folder of wheels. */
  readonly wheels?: string | undefined;
}

interface InstallOptions extends InstallSource {
  readonly env: Variables;
  readonly logFolder?: string | undefined;
}

const VENV_MS = 10 * 60_000;
/** A slow line may take hours for a gigabyte; what says nothing for ten minutes hangs. */
const PIP_IDLE_MS = 10 * 60_000;

/** Makes an empty virtual environment. @throws PippinError `PYTHON_VENV_FAILED`, `CORE_CANCELLED`. */
export async function createVenv(
  { base, folder }: { readonly base: string; readonly folder: string },
  options: InstallOptions,
  { signal }: StageContext,
): Promise<void> {
  await withLog(options, "venv", async (log) => {
    const result = await runProcess(
      { command: base, args: ["-I", "-m", "venv", folder], env: childEnvironment(options.env, "install") },
      { signal, timeoutMs: VENV_MS, log },
    );
    if (!isDone(result)) throw venvFailed(base, result, log?.path);
  });
}

/**
 * Installs the pins with pip, as wheels only: nothing is compiled, so no compiler is needed and no package's own code runs.
 *
 * @throws PippinError `PYTHON_INSTALL_FAILED`, `PYTHON_DISK_FULL`, `CORE_CANCELLED`.
 */
export async function installPins(
  { python, pins }: { readonly python: string; readonly pins: Pins },
  options: InstallOptions,
  { signal, progress }: StageContext,
): Promise<void> {
  const { index, wheels, env } = options;
  const args = [
    ...["-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"],
    ...["--only-binary", ":all:", "-r", pins.requirements, "-c", pins.constraints],
    ...(index === undefined ? [] : ["--extra-index-url", index]),
    ...(wheels === undefined ? [] : ["--find-links", wheels]),
  ];
  await withLog(options, "pip", async (log) => {
    const result = await runProcess(
      { command: python, args, env: childEnvironment(env, "install") },
      {
        signal,
        idleTimeoutMs: PIP_IDLE_MS,
        log,
        onLine(line) {
          const [, verb, what] =
            /^\s*(Collecting|Downloading|Installing collected packages)(?::? (\S+))?/.exec(line) ?? [];
          if (verb)
            progress?.({
              stage: "setup",
              unit: "steps",
              done: 0,
              item: `${verb.toLowerCase()} ${what ?? ""}`.trim(),
            });
          return false;
        },
      },
    );
    if (!isDone(result)) throw pipFailed(result, log?.path);
  });
}

async function withLog(
  { logFolder }: InstallOptions,
  name: string,
  work: (log: LogFile | undefined) => Promise<void>,
): Promise<void> {
  const time = new Date().toISOString().replaceAll(/[:.]/g, "-");
  const log =
    logFolder === undefined
      ? undefined
      : await openLog(join(logFolder, `${time}-${process.pid}-${name}.log`));
  try {
    await work(log);
  } finally {
    await log?.close();
  }
}

function isDone({ end }: ProcessResult): boolean {
  return end.kind === "exited" && end.status === 0;
}

function venvFailed(
  base: string,
  result: ProcessResult,
  log: string | undefined,
): PippinError<PythonErrorCode> {
  const withoutPip = result.tail.some((line) => /ensurepip/.test(line));
  const hint = withoutPip
    ? "Debian and Ubuntu ship venv apart: apt install python3-venv, or name another Python with --python."
    : "Name another Python with --python; the one of python.org and Homebrew's have venv.";
  const otherwise = { code: "PYTHON_VENV_FAILED", hint } as const;
  return failureOf({ what: `${base} -m venv`, result, log, otherwise });
}

/** pip's own words, and what to do about them. */
const PIP_FAILURES: readonly (readonly [RegExp, string])[] = [
  [
    /No matching distribution found|Could not find a version/i,
    "There is no wheel for this system and Python: coremltools has them for Apple silicon and x86-64 Linux, Python 3.11 to 3.13. --engine pippin runs everywhere.",
  ],
  [/hash|mismatch|BadZipFile|IncompleteRead/i, "A download was damaged: run the command again."],
  [
    /NewConnectionError|name resolution|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Network is unreachable|Max retries/i,
    "The package index cannot be reached: check the network and the proxy, or give a folder of wheels with --wheels. Running it again goes on where it stopped.",
  ],
];

function pipFailed(result: ProcessResult, log: string | undefined): PippinError<PythonErrorCode> {
  const errors = result.tail.filter((line) => line.startsWith("ERROR:"));
  const said = errors.length > 0 ? errors.slice(-2) : result.tail;
  const known = PIP_FAILURES.find(([pattern]) => result.tail.some((line) => pattern.test(line)));
  const hint = known?.[1] ?? "Run it again to go on where it stopped.";
  return failureOf({
    what: "pip",
    result: { ...result, tail: said },
    log,
    otherwise: { code: "PYTHON_INSTALL_FAILED", hint },
  });
}
