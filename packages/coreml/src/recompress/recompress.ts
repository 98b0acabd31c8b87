import { basename } from "node:path";
import { type Artifact, RuntimeManifest, type StageContext, throwIfCancelled } from "@pippin/core";
import { resolveInside } from "@pippin/core/node";
import { encodingName, type Recipe } from "@pippin/quantize";
import { coremlError } from "../errors.ts";
import { BlobLayout } from "../lower/blob-layout.ts";
import { countNames } from "../lower/blob-pool.ts";
import { recipeOf } from "../lower/encodings.ts";
import type { RecompressOptions } from "../options.ts";
import { needPackages } from "../package/find-packages.ts";
import { type CoremlPackage, readPackage } from "../package/read-package.ts";
import { writePackage } from "../package/write-package.ts";
import { encode } from "../proto/codec.ts";
import { MODEL } from "../proto/model.ts";
import { TARGETS, type Target } from "../targets.ts";
import { VERSION } from "../version.ts";
import { programWeights } from "./program-weights.ts";
import { rewriteProgram } from "./rewrite.ts";

/**
 * Compresses the fp16 matrices of a package that exists, Pippin's or another tool's: those of linear layers, and
 * embeddings. Everything else is kept as it is, also weights that are compressed already.
 *
 * @param path - an `.mlpackage`, or a folder that holds one or a chain of them.
 * @param output - an empty folder.
 * @throws PippinError `COREML_NOTHING_TO_COMPRESS`, `COREML_OPTION_INVALID`, `QUANTIZE_RECIPE_UNFIT`, `KERNELS_*`,
 *   `CORE_CANCELLED`, and as `openCoreml`.
 */
export async function recompress(
  path: string,
  options: RecompressOptions,
  output: string,
  context: StageContext = {},
): Promise<Artifact[]> {
  const found = await needPackages(path);
  const artifacts: Artifact[] = [];
  for (const each of found) {
    throwIfCancelled(context.signal);
    const opened = await readPackage(each);
    try {
      artifacts.push(await recompressOne(opened, options, output, context));
    } finally {
      await opened.close();
    }
  }
  return artifacts;
}

async function recompressOne(
  opened: CoremlPackage,
  options: RecompressOptions,
  output: string,
  context: StageContext,
): Promise<Artifact> {
  const target = targetOf(opened);
  const recipe = recipeOf(options, target);
  const weights = programWeights(opened);
  const layout = new BlobLayout();
  const encodings = await rewriteProgram(opened, weights, { recipe, target, layout });
  if (encodings.length === 0) throw nothingToCompress(opened, recipe);
  const quantization = options.recipe === undefined ? options.quantize : (recipe.name ?? "recipe");
  noteQuantization(opened, quantization);
  const path = resolveInside(output, basename(opened.path));
  const built = {
    model: encode(MODEL, opened.model),
    weights: layout.segments(),
    weightBytes: layout.byteLength,
  };
  const { chunkHashes, compute } = options;
  const files = await writePackage(path, built, { overflow: "error", chunkHashes }, context);
  return {
    kind: "coreml",
    path,
    files,
    provenance: {
      tool: `@pippin/coreml@${VERSION}`,
      source: opened.manifest?.model.source ?? basename(opened.path),
      options: {
        quantize: options.recipe === undefined ? quantization : JSON.stringify(recipe),
        compute,
        encodings: countNames(encodings.map(encodingName)),
      },
    },
  };
}

/** The system that a package was made for, by the specification version of its model. */
function targetOf({ model, path }: CoremlPackage): Target {
  const version = model.specificationVersion ?? 0;
  const found = Object.entries(TARGETS).findLast(([, target]) => target.specificationVersion <= version);
  // The keys of a record of targets.
  if (found !== undefined) return found[0] as Target;
  throw coremlError("COREML_OPTION_INVALID", {
    message: `${path} is made for systems before iOS 16, which take no compressed weights`,
    hint: "Convert the model again for ios16 or later.",
  });
}

/** What the metadata say of the weights; packages of other tools have no such entries, and get none. */
function noteQuantization({ model }: CoremlPackage, quantization: string): void {
  const entries = model.description?.metadata?.userDefined;
  const manifest = entries?.get("pippin.manifest");
  if (entries === undefined || manifest === undefined) return;
  const parsed = RuntimeManifest.parse(JSON.parse(manifest));
  entries.set("pippin.manifest", JSON.stringify({ ...parsed, quantization }));
  entries.set("pippin.quantization", quantization);
}

function nothingToCompress({ path }: CoremlPackage, { minElements }: Recipe) {
  return coremlError("COREML_NOTHING_TO_COMPRESS", {
    message: `${path} has no fp16 matrix of more than ${minElements} elements that the recipe encodes`,
    hint: "pippin inspect shows its weights: they may be compressed already, or be fp32. Start from the fp16 package.",
    details: { path },
  });
}
