import type {
  EvaluateOptions,
  ManifestFunction,
  Runner,
  RunnerOptions,
  RuntimeManifest,
  StageContext,
} from "@pippin/core";
import { coremlError } from "../errors.ts";
import type { CoremlPackage } from "../package/read-package.ts";
import { type Activations, activationsOf } from "./activations.ts";
import type { Driver } from "./driver.ts";
import { createExecutable, type Executable } from "./executable.ts";
import { addPrefillOfAllRows, StatefulSession } from "./stateful-session.ts";
import { StatelessSession } from "./stateless-session.ts";

/**
 * Runs a package as its manifest says: by roles of features, never by their names.
 *
 * Prompts of stateful packages go through `prefill` in pieces of its length, then token by token; stateless ones
 * compute the whole sequence each time.
 */
export async function createRunner(
  packages: readonly CoremlPackage[],
  manifest: RuntimeManifest,
  options: RunnerOptions,
  context: StageContext = {},
): Promise<Runner> {
  const [opened, ...more] = packages;
  if (opened === undefined || more.length > 0) {
    throw coremlError("COREML_OP_UNSUPPORTED", {
      message: `this runner executes one package, the model has ${packages.length}`,
      hint: "Convert the model without chunks to run it here.",
    });
  }
  const executable = await createExecutable(
    opened,
    { precision: options.precision ?? "fp32", threads: options.threads },
    context,
  );
  const driver: Driver = { executable, manifest, activations: activationsBy(manifest, executable) };
  const stateful = manifest.program === "stateful";
  return {
    vocabSize: manifest.model.vocabSize,
    contextLength: manifest.contextLength,
    start: () => (stateful ? new StatefulSession(driver) : new StatelessSession(driver)),
    evaluate: stateful ? statefulEvaluation(driver) : statelessEvaluation(driver),
    close: () => executable.close(),
  };
}

/** What each function has to show; found out when somebody looks. */
function activationsBy(manifest: RuntimeManifest, executable: Executable): Driver["activations"] {
  const known = new Map<string, Activations>();
  const { layerOutputs = [] } = manifest;
  return ({ name, inputs }) => {
    const fn = executable.programs.get(name);
    const tokens = inputs.find(({ role }) => role === "tokens")?.name ?? "";
    const found =
      known.get(name) ??
      (fn ? activationsOf(fn, { tokens, layerOutputs }) : { outputs: new Map(), layers: new Map() });
    known.set(name, found);
    return found;
  };
}

function statelessEvaluation(driver: Driver): NonNullable<Runner["evaluate"]> {
  return (tokens, options) => new StatelessSession(driver).feed(tokens, { ...options, rows: "all" });
}

/** One session serves all evaluations: caches are large, and each text begins by forgetting the one before. */
function statefulEvaluation(driver: Driver): NonNullable<Runner["evaluate"]> {
  let ready: Promise<{ session: StatefulSession; prefill: ManifestFunction | undefined }> | undefined;
  const prepare = async () => ({
    prefill: await addPrefillOfAllRows(driver),
    session: new StatefulSession(driver),
  });
  return async (tokens, options: EvaluateOptions = {}) => {
    ready ??= prepare();
    const { session, prefill } = await ready;
    return session.evaluate(tokens, { ...options, prefill });
  };
}
