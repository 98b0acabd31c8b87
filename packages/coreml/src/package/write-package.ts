import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ArtifactFile, StageContext } from "@pippin/core";
import { writeSegments } from "@pippin/kernels/node";
import type { BuiltModel } from "../lower/build-model.ts";

const AUTHOR = "com.apple.CoreML";

/** Identifiers must be unique within the package; fixed ones keep the bytes reproducible. */
const MODEL_ID = "70697070-696e-4000-8000-6d6f64656c00";
const WEIGHTS_ID = "70697070-696e-4000-8000-776569676874";

export interface WritePackageOptions {
  readonly overflow: "saturate" | "error";
  readonly chunkHashes: boolean;
}

/**
 * Writes the folder `path`, which must not exist: manifest, program, and the weights as they stream by.
 *
 * Peak memory: a tile per worker; neither a tensor nor the model is held.
 *
 * @returns the package's files with sizes and hashes.
 */
export async function writePackage(
  path: string,
  built: Pick<BuiltModel, "model" | "weights">,
  options: WritePackageOptions,
  context: StageContext = {},
): Promise<ArtifactFile[]> {
  const data = join(path, "Data", AUTHOR);
  await mkdir(join(data, "weights"), { recursive: true });
  const manifest = manifestJson();
  await writeFile(join(path, "Manifest.json"), manifest);
  await writeFile(join(data, "model.mlmodel"), built.model);
  const report = await writeSegments(join(data, "weights", "weight.bin"), built.weights, {
    overflow: options.overflow,
    chunkHashes: options.chunkHashes,
    signal: context.signal,
    onBytes: (done, total) => context.progress?.({ stage: "convert", unit: "bytes", done, total }),
  });
  for (const { id, saturated, maxAbs } of report.weights) {
    if (!saturated) continue;
    context.warn?.({
      code: "COREML_WEIGHT_SATURATED",
      message: `values of ${id} exceed fp16 (the largest is ${maxAbs}); ±65504 was written for them`,
      hint: "Check the package with pippin verify, or convert with --overflow error to stop here.",
    });
  }
  return [
    { path: "Manifest.json", size: manifest.byteLength, sha256: sha256(manifest) },
    { path: `Data/${AUTHOR}/model.mlmodel`, size: built.model.byteLength, sha256: sha256(built.model) },
    {
      path: `Data/${AUTHOR}/weights/weight.bin`,
      size: report.byteLength,
      ...(report.chunkSha256 === undefined ? {} : { chunkSha256: report.chunkSha256 }),
    },
  ];
}

/** Bytes of all files of the package. */
export function packageBytes({ model, weightBytes }: BuiltModel): number {
  return manifestJson().byteLength + model.byteLength + weightBytes;
}

function manifestJson(): Uint8Array {
  const item = (name: string, description: string) => ({
    author: AUTHOR,
    description,
    name,
    path: `${AUTHOR}/${name}`,
  });
  const manifest = {
    fileFormatVersion: "1.0.0",
    itemInfoEntries: {
      [MODEL_ID]: item("model.mlmodel", "CoreML Model Specification"),
      [WEIGHTS_ID]: item("weights", "CoreML Model Weights"),
    },
    rootModelIdentifier: MODEL_ID,
  };
  return new TextEncoder().encode(`${JSON.stringify(manifest, null, 4)}\n`);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
