import { access } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { StageContext } from "@pippin/core";
import { readJsonFile } from "@pippin/core/node";
import type { Checkpoint } from "../checkpoint.ts";
import { checkpointError } from "../errors.ts";
import { packedTensors } from "../packed/packed-tensors.ts";
import { quantizationScheme } from "../quantization-config.ts";
import { findWeights } from "./find-weights.ts";
import { openGguf } from "./open-gguf.ts";
import { readSafetensorsFiles } from "./safetensors-files.ts";

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
  if (place.kind === "gguf") return openGguf(place.folder, place.file, context);
  const config = await readConfig(place.folder);
  const generationConfig = await readIfPresent(join(place.folder, "generation_config.json"));
  const { tensors, ...read } = await readSafetensorsFiles(place, context);
  return {
    format: "safetensors",
    name: nameOf(path),
    config,
    ...(generationConfig !== undefined && { generationConfig }),
    tensors: packedTensors(tensors, quantizationScheme(config)),
    ...read,
  };
}

function nameOf(path: string): string {
  return basename(resolve(path)).replace(/\.safetensors(?:\.index\.json)?$/, "");
}

async function readConfig(folder: string): Promise<unknown> {
  const config = await readIfPresent(join(folder, "config.json"));
  if (config !== undefined) return config;
  throw checkpointError("CHECKPOINT_CONFIG_MISSING", {
    message: `there is no config.json in ${folder}`,
    hint: "Download config.json of the same model into that folder; the weights alone do not say what they mean.",
    details: { folder },
  });
}

async function readIfPresent(path: string): Promise<unknown> {
  const present = await access(path).then(
    () => true,
    () => false,
  );
  return present ? readJsonFile(path) : undefined;
}
