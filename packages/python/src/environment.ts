import { mkdir, rm, stat, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isPippinError, type StageContext, throwIfCancelled } from "@pippin/core";
import { readJsonFile, withOutputFile } from "@pippin/core/node";
import { z } from "zod";
import type { Variables } from "./child-environment.ts";
import { pythonError } from "./errors.ts";
import { type FoundPython, findPython } from "./find-python.ts";
import { createVenv, type InstallSource, installPins } from "./install.ts";
import { checkPins, coremltoolsPins, PINNED_PYTHON, type Pins, pinsText } from "./pins.ts";

/** An environment that is ready to run an engine. */
export interface Environment {
  /** Path of its interpreter. */
  readonly python: string;
  readonly version: string;
}

export interface SetupOptions extends InstallSource {
  /** Where it is made: `<cache>/engines/coremltools`. */
  readonly folder: string;
  /** The Python to make it of; default: the first that fits. */
  readonly python?: string | undefined;
  readonly env: Variables;
  readonly logFolder?: string | undefined;
  /** Free space that must be there. */
  readonly minimumFreeBytes?: number;
}

export type EnvironmentStatus =
  | { readonly state: "missing"; readonly folder: string }
  /** Begun, and not finished; or made for other versions. `setupEnvironment` mends both. */
  | { readonly state: "incomplete" | "outdated"; readonly folder: string }
  | { readonly state: "ready"; readonly folder: string; readonly environment: Environment };

/** Written last: says that everything of these pins is installed. */
const Marker = z.object({ pins: z.string(), python: z.string() });
const MARKER = "environment.json";
const VENV = "venv";
const STEPS = 4;
/** torch for CPUs and the rest take 1.3 GB, and pip unpacks beside it. */
const MINIMUM_FREE_BYTES = 3e9;
const BUSY_POLL_MS = 1000;

/** Path of the interpreter in an environment's folder. */
export function environmentPython(folder: string): string {
  const inside = process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"];
  return join(folder, VENV, ...inside);
}

/** What is there, by a look at its files: quick, starts nothing. */
export async function environmentStatus(folder: string): Promise<EnvironmentStatus> {
  const pins = await coremltoolsPins();
  const marker = await readMarker(folder);
  const python = environmentPython(folder);
  const present = await exists(python);
  if (marker === undefined)
    return { state: (await exists(join(folder, VENV))) ? "incomplete" : "missing", folder };
  if (!present) return { state: "incomplete", folder };
  if (marker.pins !== pins.hash) return { state: "outdated", folder };
  return { state: "ready", folder, environment: { python, version: marker.python } };
}

/** Removes the environment; gives whether there was one. */
export async function removeEnvironment(folder: string): Promise<boolean> {
  const { state } = await environmentStatus(folder);
  // The marker first: what is left when this is interrupted does not look ready.
  await rm(join(folder, MARKER), { force: true });
  await rm(folder, { recursive: true, force: true });
  return state !== "missing";
}

/**
 * Makes the coremltools engine's virtual environment with pinned packages, or completes it. What an earlier run left is
 * used when it works and made anew when not; a second process waits for the first.
 *
 * @throws PippinError `PYTHON_MISSING`, `PYTHON_TOO_OLD`, `PYTHON_TOO_NEW`, `PYTHON_VENV_FAILED`, `PYTHON_INSTALL_FAILED`,
 *   `PYTHON_DISK_FULL`, `CORE_CANCELLED`.
 */
export async function setupEnvironment(
  options: SetupOptions,
  context: StageContext = {},
): Promise<Environment> {
  const { folder } = options;
  for (;;) {
    const status = await environmentStatus(folder);
    if (status.state === "ready") return status.environment;
    try {
      return await withOutputFile(join(folder, MARKER), { force: true, signal: context.signal }, (staging) =>
        make(options, staging, context),
      );
    } catch (error) {
      if (!isPippinError(error) || error.code !== "CORE_OUTPUT_BUSY") throw error;
      context.progress?.({
        stage: "setup",
        unit: "steps",
        done: 0,
        total: STEPS,
        item: "waiting for another pippin",
      });
      await sleep(BUSY_POLL_MS, undefined, { signal: context.signal }).catch(() => undefined);
      throwIfCancelled(context.signal);
    }
  }
}

async function make(options: SetupOptions, marker: string, context: StageContext): Promise<Environment> {
  const { folder } = options;
  const say = (done: number, item: string) =>
    context.progress?.({ stage: "setup", unit: "steps", done, total: STEPS, item });
  const status = await environmentStatus(folder);
  if (status.state === "ready") {
    await writeMarker(marker, await coremltoolsPins(), status.environment.version);
    return status.environment;
  }
  say(0, "looking for Python");
  const pins = await coremltoolsPins();
  const base = await findPython(
    {
      ...PINNED_PYTHON,
      env: options.env,
      ...(options.python !== undefined && { candidates: [options.python] }),
    },
    context,
  );
  await mkdir(folder, { recursive: true });
  await checkSpace(folder, options.minimumFreeBytes ?? MINIMUM_FREE_BYTES);
  const python = environmentPython(folder);
  say(1, `making ${join(folder, VENV)}`);
  if (!(await works(python, base, options, context))) {
    await rm(join(folder, VENV), { recursive: true, force: true });
    await createVenv({ base: base.path, folder: join(folder, VENV) }, options, context);
  }
  say(2, "installing");
  await installPins({ python, pins }, options, {
    ...context,
    progress: (event) => say(2, event.item ?? "installing"),
  });
  say(3, "checking");
  const { wrong, python: version } = await checkPins(
    python,
    { env: options.env, required: pins.required },
    context.signal,
  );
  if (wrong.length > 0) throw notInstalled(pinsText(wrong));
  await writeMarker(marker, pins, version);
  say(STEPS, "ready");
  return { python, version };
}

/** Whether an interrupted run left a Python of the same version that has pip. */
async function works(
  python: string,
  base: FoundPython,
  { env }: SetupOptions,
  { signal }: StageContext,
): Promise<boolean> {
  if (!(await exists(python))) return false;
  const found = await checkPins(python, { env, required: [] }, signal).catch((error) => {
    throwIfCancelled(signal);
    if (isPippinError(error)) return undefined;
    throw error;
  });
  // ensurepip is the last step of `python -m venv`.
  return found?.python === base.version && (await hasPip(python));
}

async function hasPip(python: string): Promise<boolean> {
  const bin = join(python, "..");
  return (await exists(join(bin, "pip"))) || exists(join(bin, "pip.exe"));
}

async function checkSpace(folder: string, minimum: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= minimum) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw pythonError("PYTHON_DISK_FULL", {
    message: `the environment needs ${gigabytes(minimum)} of free space, the disk of ${folder} has ${gigabytes(bavail * bsize)}`,
    hint: "Free some space, or put the cache elsewhere with PIPPIN_CACHE.",
    details: { folder, minimum, free: bavail * bsize },
  });
}

async function readMarker(folder: string): Promise<z.infer<typeof Marker> | undefined> {
  const value = await readJsonFile(join(folder, MARKER)).catch(() => undefined);
  return Marker.safeParse(value).data;
}

async function writeMarker(path: string, { hash }: Pins, python: string): Promise<void> {
  await writeFile(path, `${JSON.stringify({ pins: hash, python })}\n`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function notInstalled(what: string) {
  return pythonError("PYTHON_INSTALL_FAILED", {
    message: `pip ended without an error, but ${what}`,
    hint: "Run pippin python remove, then pippin python setup.",
  });
}
