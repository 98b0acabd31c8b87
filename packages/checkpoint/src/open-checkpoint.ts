import { type FileTree, readJson, type StageContext, withFile } from "@pippin/core";
import type { Checkpoint } from "./checkpoint.ts";
import { checkpointError } from "./errors.ts";
import { chooseWeights, type Weights, weightsOfFile } from "./find-weights.ts";
import { openGguf } from "./open-gguf.ts";
import { packedTensors } from "./packed/packed-tensors.ts";
import { quantizationScheme } from "./quantization-config.ts";
import { readSafetensorsFiles } from "./safetensors-files.ts";

/**
 * Opens a model whose files are a tree: a folder, or a repository that is read by ranges. Reads headers and configs
 * only and leaves no file open; the tensors lie where the tree locates their files.
 *
 * @throws PippinError `CHECKPOINT_*` (see `CheckpointErrorCode`), `CORE_FILE_UNREADABLE`, `CORE_PATH_ESCAPES`,
 *   `CORE_CANCELLED`, and what the tree throws.
 */
export async function openCheckpointTree(
  tree: FileTree,
  { file }: OpenTreeOptions = {},
  context: StageContext = {},
): Promise<Checkpoint> {
  const weights = file === undefined ? await chooseWeights(tree, context.signal) : weightsOfFile(tree, file);
  return openWeights({ tree, weights, name: tree.name }, context);
}

export interface OpenTreeOptions {
  /** The file with the weights, where the tree holds several: `model-Q8_0.gguf`. */
  readonly file?: string | undefined;
}

/** Opens the weights that were chosen. */
export async function openWeights(
  { tree, weights, name }: { readonly tree: FileTree; readonly weights: Weights; readonly name: string },
  context: StageContext,
): Promise<Checkpoint> {
  if (weights.kind === "gguf") return openGguf(tree, weights.file, context);
  const present = new Set(await tree.list(context.signal));
  const read = (file: string) =>
    withFile(tree, file, (source) => readJson(source, { signal: context.signal }), context.signal);
  if (!present.has("config.json")) throw configMissing(tree.name);
  const config = await read("config.json");
  const generationConfig = present.has("generation_config.json")
    ? await read("generation_config.json")
    : undefined;
  const { tensors, ...files } = await readSafetensorsFiles(tree, weights, context);
  return {
    format: "safetensors",
    name,
    config,
    ...(generationConfig !== undefined && { generationConfig }),
    tensors: packedTensors(tensors, quantizationScheme(config)),
    ...files,
  };
}

function configMissing(folder: string) {
  return checkpointError("CHECKPOINT_CONFIG_MISSING", {
    message: `there is no config.json in ${folder}`,
    hint: "Download config.json of the same model into that folder; the weights alone do not say what they mean.",
    details: { folder },
  });
}
