import { stat } from "node:fs/promises";
import { join } from "node:path";
import { isPippinError, type OpenByteSource, RuntimeManifest } from "@pippin/core";
import { fileSource, readJsonFile, resolveInside } from "@pippin/core/node";
import { z } from "zod";
import { coremlError } from "../errors.ts";
import { decode } from "../proto/codec.ts";
import type { Program } from "../proto/mil.ts";
import { MODEL, type Model } from "../proto/model.ts";
import { readBlobHeader } from "./blob-file.ts";

/** A program of 2 GB would not be a program: real ones have some megabytes, weights lie elsewhere. */
const MAX_MODEL_BYTES = 1 << 30;
const MODEL_PATH_PREFIX = "@model_path/";

const ManifestJson = z.object({
  fileFormatVersion: z.string(),
  rootModelIdentifier: z.string(),
  itemInfoEntries: z.record(z.string(), z.object({ path: z.string() }).loose()),
});

/** An `.mlpackage` opened for reading: ours, coremltools', or another tool's. */
export interface CoremlPackage {
  readonly path: string;
  readonly model: Model;
  readonly program: Program;
  /** What Pippin wrote into the metadata; absent in packages of other tools. */
  readonly manifest: RuntimeManifest | undefined;
  /** Opens (once) the weight file that the program calls `fileName`, and checks its header. */
  weights(fileName: string): Promise<OpenByteSource>;
  /** Path of that file, for readers that open it themselves. */
  weightPath(fileName: string): string;
  close(): Promise<void>;
}

/**
 * Opens a package; reads its program, not its weights.
 *
 * @throws PippinError `COREML_MANIFEST_INVALID`, `COREML_PROTO_MALFORMED`, `COREML_NOT_AN_ML_PROGRAM`,
 *   `CORE_PATH_ESCAPES`.
 */
export async function readPackage(path: string): Promise<CoremlPackage> {
  const modelPath = await rootModelPath(path);
  const model = decode<Model>(MODEL, await readAll(modelPath));
  if (model.mlProgram === undefined) {
    const kind = model.pipeline ? "a pipeline" : "another kind of model";
    throw coremlError("COREML_NOT_AN_ML_PROGRAM", {
      message: `${path} holds ${kind}, not an ML Program`,
      hint: "Pippin reads packages whose model is an ML Program; open a pipeline's parts one by one.",
    });
  }
  const open = new Map<string, Promise<OpenByteSource>>();
  const weightPath = (fileName: string) => weightFile(modelPath, fileName);
  return {
    path,
    model,
    program: model.mlProgram,
    manifest: manifestOf(model, path),
    weightPath,
    weights(fileName) {
      let source = open.get(fileName);
      if (source === undefined) {
        source = openWeights(weightPath(fileName));
        open.set(fileName, source);
      }
      return source;
    },
    async close() {
      const sources = await Promise.allSettled(open.values());
      await Promise.all(
        sources.map((entry) => (entry.status === "fulfilled" ? entry.value.close() : undefined)),
      );
    },
  };
}

async function rootModelPath(path: string): Promise<string> {
  const text = await readJsonFile(join(path, "Manifest.json"), 1 << 20).catch((cause) => {
    throw manifestInvalid(path, isPippinError(cause) ? cause.message : String(cause), cause);
  });
  const manifest = ManifestJson.safeParse(text);
  if (!manifest.success) throw manifestInvalid(path, z.prettifyError(manifest.error));
  const entries = new Map(Object.entries(manifest.data.itemInfoEntries));
  const root = entries.get(manifest.data.rootModelIdentifier);
  if (root === undefined) throw manifestInvalid(path, "rootModelIdentifier is not one of itemInfoEntries");
  return resolveInside(join(path, "Data"), root.path);
}

async function readAll(path: string): Promise<Uint8Array> {
  const file = await fileSource(path);
  try {
    if (file.byteLength > MAX_MODEL_BYTES) {
      throw coremlError("COREML_PROTO_MALFORMED", {
        message: `${path} has ${file.byteLength} bytes, no ML Program is that large`,
        hint: "The file is not the model of a package.",
      });
    }
    return await file.read(0, file.byteLength);
  } finally {
    await file.close();
  }
}

function weightFile(modelPath: string, fileName: string): string {
  if (!fileName.startsWith(MODEL_PATH_PREFIX)) {
    throw coremlError("COREML_WEIGHTS_INVALID", {
      message: `the weight file name ${JSON.stringify(fileName)} does not begin with ${MODEL_PATH_PREFIX}`,
      hint: "The package is damaged: convert it again.",
    });
  }
  return resolveInside(join(modelPath, ".."), fileName.slice(MODEL_PATH_PREFIX.length));
}

async function openWeights(path: string): Promise<OpenByteSource> {
  const source = await fileSource(path);
  try {
    await readBlobHeader(source);
    return source;
  } catch (error) {
    await source.close();
    throw error;
  }
}

function manifestOf(model: Model, path: string): RuntimeManifest | undefined {
  const text = model.description?.metadata?.userDefined.get("pippin.manifest");
  if (text === undefined) return undefined;
  try {
    return RuntimeManifest.parse(JSON.parse(text));
  } catch (cause) {
    throw manifestInvalid(
      path,
      "pippin.manifest in its metadata is not a runtime manifest of a known version",
      cause,
    );
  }
}

/** Whether a path looks like an `.mlpackage` folder. */
export async function isPackageFolder(path: string): Promise<boolean> {
  const manifest = await stat(join(path, "Manifest.json")).catch(() => undefined);
  return manifest?.isFile() ?? false;
}

function manifestInvalid(path: string, reason: string, cause?: unknown) {
  return coremlError("COREML_MANIFEST_INVALID", {
    message: `${path} is not a readable .mlpackage: ${reason}`,
    hint: "A package is a folder with Manifest.json and Data/ in it; copy or convert it again.",
    details: { path },
    cause,
  });
}
