import { mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { RuntimeManifest, type StageContext } from "@pippin/core";
import { resolveInside } from "@pippin/core/node";
import { z } from "zod";
import type { Engine, EngineInput, EngineRun } from "./engine.ts";
import { pythonError } from "./errors.ts";
import { packageFiles } from "./package-files.ts";
import { pythonFile } from "./resources.ts";
import { runPython } from "./run-python.ts";
import { VERSION } from "./version.ts";

/** Options of the coremltools engine: those of the Core ML backend that it has, spelled alike. */
export const CoremltoolsOptions = z.object({
  program: z.enum(["stateful", "stateless"]).default("stateful"),
  target: z.enum(["ios16", "ios17", "ios18", "ios26"]).optional(),
  quantize: z.enum(["none", "int8", "int4", "lut4", "lut6"]).default("none"),
  context: z
    .number()
    .int()
    .positive()
    .max(1 << 20)
    .optional(),
  prefill: z
    .number()
    .int()
    .min(2)
    .max(1 << 15)
    .default(64),
  length: z.enum(["ranged", "fixed"]).default("ranged"),
  names: z.enum(["pippin", "swift-transformers"]).default("pippin"),
  chunkHashes: z.boolean().default(true),
  /** `own`: a decoder of this engine; `transformers`: the module of that library, for families that the decoder does not know. */
  route: z.enum(["own", "transformers"]).default("own"),
});
export type CoremltoolsOptions = z.infer<typeof CoremltoolsOptions>;

/** Names of features by role, as the Core ML backend has them. */
const NAMES = {
  pippin: {
    tokens: "input_ids",
    position: "position",
    lastToken: "last_token",
    attentionMask: "attention_mask",
  },
  "swift-transformers": {
    tokens: "inputIds",
    position: "position",
    lastToken: "lastToken",
    attentionMask: "attentionMask",
  },
} as const;
const COMMON_NAMES = { logits: "logits", keyCache: "keyCache", valueCache: "valueCache" } as const;

/** Clustering one large matrix prints nothing for many minutes. */
const IDLE_MS = 60 * 60_000;

const Result = z.object({ manifest: RuntimeManifest, package: z.string() });

/**
 * Converts with Apple's coremltools: a PyTorch module is traced, translated, and compressed by `coremltools.optimize`.
 *
 * Memory: the model in single precision, and several copies of it in half precision.
 *
 * `convert` throws PippinError `PYTHON_*`, `CORE_CANCELLED`.
 */
export const coremltoolsEngine: Engine<CoremltoolsOptions> = {
  id: "coremltools",
  summary: "Apple's coremltools in a Python environment, see pippin python",
  options: CoremltoolsOptions,
  async convert(input, options, { output, ...run }, context = {}) {
    const name = `${input.name}.mlpackage`;
    const path = resolveInside(output, name);
    const target = targetOf(options);
    const work = await mkdtemp(join(output, ".work-"));
    try {
      const result = await convertWith(input, { ...options, target }, { ...run, path, work }, context);
      if (result.package !== name) throw noPackage(`it names its package ${JSON.stringify(result.package)}`);
      const files = await packageFiles(path, { chunkHashes: options.chunkHashes, signal: context.signal });
      if (!files.some((file) => file.path === "Manifest.json"))
        throw noPackage("there is no Manifest.json in it");
      return {
        artifacts: [artifactOf(input, { ...options, target }, { path, files })],
        manifest: result.manifest,
      };
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  },
};

async function convertWith(
  { model, facts, metadata = {} }: EngineInput,
  { names, chunkHashes: _, ...options }: CoremltoolsOptions,
  { path, work, ...run }: EngineRun & { readonly path: string; readonly work: string },
  context: StageContext,
): Promise<z.infer<typeof Result>> {
  const { source, revision = null, license = null, stopTokens } = facts;
  const request = {
    model: resolve(model),
    output: path,
    work,
    ...options,
    context: options.context ?? null,
    names: { ...NAMES[names], ...COMMON_NAMES },
    facts: { source, revision, license, stopTokens },
    metadata,
  };
  const value = await runPython(
    { python: run.python, script: pythonFile("convert_coreml.py"), request },
    { idleTimeoutMs: IDLE_MS, ...run, what: "the coremltools engine" },
    context,
  );
  const parsed = Result.safeParse(value);
  if (parsed.success) return parsed.data;
  throw noPackage(`its result is not one: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`);
}

/** As the Core ML backend decides. @throws PippinError `PYTHON_OPTION_INVALID`. */
function targetOf({
  target: given,
  program,
  quantize,
  route,
}: CoremltoolsOptions): NonNullable<CoremltoolsOptions["target"]> {
  const target = given ?? (program === "stateful" ? "ios18" : "ios17");
  const older = target === "ios16" || target === "ios17";
  if (program === "stateful" && older)
    throw optionInvalid(
      `a stateful program needs ios18, the target is ${target}`,
      "Choose --program stateless for older systems, or --target ios18.",
    );
  if (quantize === "int4" && older)
    throw optionInvalid(
      `int4 weights need ios18, the target is ${target}`,
      "Choose --quantize lut4, a palette of 16 values, or int8 for older systems, or --target ios18.",
    );
  if (program === "stateful" && route === "transformers")
    throw optionInvalid(
      "a module of transformers is converted as a stateless program only",
      "Choose --program stateless.",
    );
  return target;
}

function optionInvalid(message: string, hint: string) {
  return pythonError("PYTHON_OPTION_INVALID", { message, hint });
}

function artifactOf(
  { facts }: EngineInput,
  options: CoremltoolsOptions,
  { path, files }: { readonly path: string; readonly files: Awaited<ReturnType<typeof packageFiles>> },
) {
  return {
    kind: "coreml",
    path,
    files,
    provenance: {
      tool: `@pippin/python@${VERSION} coremltools`,
      source: facts.source,
      ...(facts.revision === undefined ? {} : { revision: facts.revision }),
      options,
    },
  };
}

function noPackage(reason: string) {
  return pythonError("PYTHON_NO_RESULT", {
    message: `the coremltools engine left no package: ${reason}`,
    hint: "The Python that was started is not the environment's; run pippin python setup.",
  });
}
