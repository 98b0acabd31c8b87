import type { StageContext } from "@pippin/core";
import type { Variables } from "./child-environment.ts";
import { type Environment, environmentStatus } from "./environment.ts";
import { pythonError } from "./errors.ts";
import { checkPins, coremltoolsPins, pinsText } from "./pins.ts";

/**
 * The environment that an engine shall run in: the one in `folder`, or a Python that somebody else looks after and that has the
 * same packages.
 *
 * @throws PippinError `PYTHON_ENVIRONMENT_MISSING`, `PYTHON_ENVIRONMENT_UNFIT`, `PYTHON_NOT_STARTED`.
 */
export async function needEnvironment(
  {
    folder,
    python,
    env,
  }: { readonly folder: string; readonly python?: string | undefined; readonly env: Variables },
  { signal }: StageContext = {},
): Promise<Environment> {
  if (python !== undefined) {
    const { required } = await coremltoolsPins();
    const { wrong, python: version } = await checkPins(python, { env, required }, signal);
    if (wrong.length === 0) return { python, version };
    throw pythonError("PYTHON_ENVIRONMENT_UNFIT", {
      message: `${python} does not have what the engine needs: ${pinsText(wrong)}`,
      hint: "Leave --python out to use the environment of pippin python setup, or install these versions.",
      details: { python, wrong },
    });
  }
  const status = await environmentStatus(folder);
  if (status.state === "ready") return status.environment;
  throw pythonError(status.state === "missing" ? "PYTHON_ENVIRONMENT_MISSING" : "PYTHON_ENVIRONMENT_UNFIT", {
    message: `the environment of the coremltools engine is ${status.state}: ${folder}`,
    hint: "Run pippin python setup (1 GB and more to download), or convert with --engine pippin, which needs no Python.",
    details: { folder, state: status.state },
  });
}
