import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Variables } from "./child-environment.ts";
import { pythonFile } from "./resources.ts";
import { runPython } from "./run-python.ts";

/** The exact versions that an environment is made of. */
export interface Pins {
  /** pip's `-r` and `-c`. */
  readonly requirements: string;
  readonly constraints: string;
  /** `name==version` of what is required; the constraints are not among them. */
  readonly required: readonly string[];
  /** sha256 of both files. */
  readonly hash: string;
}

/** Versions for which wheels of all pinned packages exist (asked of PyPI in November 2026). */
export const PINNED_PYTHON = { minimum: "3.11", below: "3.14" } as const;

export async function coremltoolsPins(): Promise<Pins> {
  const requirements = pythonFile("requirements-coremltools.txt");
  const constraints = pythonFile("constraints-coremltools.txt");
  const [required, constrained] = await Promise.all(
    [requirements, constraints].map((path) => readFile(path, "utf8")),
  );
  return {
    requirements,
    constraints,
    required: required!.match(/^[\w.-]+==\S+$/gm) ?? [],
    hash: createHash("sha256").update(`${required}\0${constrained}`).digest("hex"),
  };
}

const Check = z.object({
  python: z.string(),
  wrong: z.array(z.object({ name: z.string(), wanted: z.string(), found: z.string().nullable() })),
});
/** A Python's version, and the pins that it does not have. */
export type PinCheck = z.infer<typeof Check>;

const CHECK_MS = 60_000;

/**
 * Asks a Python which of the pins it has.
 *
 * @throws PippinError `PYTHON_*` when it does not answer.
 */
export async function checkPins(
  python: string,
  { env, required }: { readonly env: Variables; readonly required: readonly string[] },
  signal?: AbortSignal,
): Promise<PinCheck> {
  const value = await runPython(
    { python, script: pythonFile("check_environment.py"), args: required },
    { env, what: python, timeoutMs: CHECK_MS },
    signal ? { signal } : {},
  );
  return Check.parse(value);
}

/** `numpy 2.4.0 in place of 2.2.6, torch is missing`. */
export function pinsText(wrong: PinCheck["wrong"]): string {
  return wrong
    .map(({ name, wanted, found }) =>
      found === null ? `${name} ${wanted} is missing` : `${name} is ${found} in place of ${wanted}`,
    )
    .join(", ");
}
