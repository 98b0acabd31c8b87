import { join } from "node:path";
import { readSafetensorsHeader } from "@pippin/checkpoint";
import { type TensorBytes, writeSafetensors } from "@pippin/checkpoint/node";
import { isPippinError, type StageContext } from "@pippin/core";
import { fileSource } from "@pippin/core/node";
import type { PartSource } from "@pippin/kernels";
import type { CalibratedMatrix } from "./report.ts";

/** A finished layer on disk. */
export interface LayerFile {
  readonly matrices: readonly CalibratedMatrix[];
  part(name: string): PartSource;
}

/** Metadata of the file: what it was made from and with, and the figures of its matrices. */
const KEY = "pippin.calibration";
const MATRICES = "pippin.matrices";

export function layerPath(cacheFolder: string, layer: number): string {
  return join(cacheFolder, `layer-${String(layer).padStart(3, "0")}.safetensors`);
}

/** The layer, when a run with the same key has finished it. */
export async function readLayer(path: string, key: string): Promise<LayerFile | undefined> {
  const file = await fileSource(path).catch(missing);
  if (file === undefined) return undefined;
  try {
    const { metadata, tensors } = await readSafetensorsHeader(file);
    if (metadata[KEY] !== key || metadata[MATRICES] === undefined) return undefined;
    // Written by `writeLayer` under the same key, so it has this form.
    const matrices = JSON.parse(metadata[MATRICES]) as CalibratedMatrix[];
    return {
      matrices,
      part(name) {
        const { dtype, shape, byteOffset, byteLength } = tensors.get(name)!;
        // Only dtypes that kernels know are written.
        return { file: path, byteOffset, byteLength, dtype: dtype as PartSource["dtype"], shape };
      },
    };
  } finally {
    await file.close();
  }
}

export async function writeLayer(
  path: string,
  key: string,
  tensors: ReadonlyMap<string, TensorBytes>,
  matrices: readonly CalibratedMatrix[],
  { signal }: StageContext,
): Promise<void> {
  await writeSafetensors(path, tensors, { [KEY]: key, [MATRICES]: JSON.stringify(matrices) }, { signal });
}

function missing(error: unknown): undefined {
  if (isPippinError(error) && error.code === "CORE_FILE_UNREADABLE") return undefined;
  throw error;
}
