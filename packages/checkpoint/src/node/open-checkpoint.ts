import { basename, resolve } from "node:path";
import type { StageContext } from "@pippin/core";
import type { Checkpoint } from "../checkpoint.ts";
import { openWeights } from "../open-checkpoint.ts";
import { findWeights } from "./find-weights.ts";

/**
 * Opens a model's folder, a `.safetensors` file with its config.json beside it, or a `.gguf` file. Reads headers and
 * configs only and leaves no file open. Weights that config.json says are quantized come under the names of the
 * unquantized model, each with a source that decodes them.
 *
 * @throws PippinError `CHECKPOINT_*` (see `CheckpointErrorCode`), `CORE_FILE_UNREADABLE`, `CORE_PATH_ESCAPES`,
 *   `CORE_CANCELLED`.
 */
export async function openCheckpoint(path: string, context: StageContext = {}): Promise<Checkpoint> {
  const place = await findWeights(path);
  return openWeights({ ...place, name: nameOf(path) }, context);
}

function nameOf(path: string): string {
  return basename(resolve(path)).replace(/\.safetensors(?:\.index\.json)?$/, "");
}
