import {
  type FileTree,
  readText,
  type StageContext,
  throwIfCancelled,
  type Warning,
  withFile,
} from "@pippin/core";
import type { CheckpointFile } from "./checkpoint.ts";
import type { CheckpointWarningCode } from "./errors.ts";
import { checkpointError, limitExceeded, listed, quoted } from "./errors.ts";
import { isMissing, shardMissing, type Weights } from "./find-weights.ts";
import { MAX_INDEX_BYTES, MAX_SHARDS, MAX_TENSORS } from "./limits.ts";
import { readSafetensorsHeader, type SafetensorsTensor } from "./safetensors.ts";
import { parseShardIndex, type ShardIndex } from "./shard-index.ts";

/** The headers of all safetensors files of a model. */
export interface SafetensorsFiles {
  readonly tensors: ReadonlyMap<string, PlacedTensor>;
  /** Of all files; the first one wins where they differ. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly files: readonly CheckpointFile[];
  readonly warnings: readonly Warning[];
}

export interface PlacedTensor extends SafetensorsTensor {
  /** Path of the file. */
  readonly file: string;
}

type SafetensorsWeights = Exclude<Weights, { readonly kind: "gguf" }>;

/**
 * Reads the headers of one or several safetensors files.
 *
 * With an index, all files it names are read and every tensor it names must be in its file. Tensors that it does not
 * name are read too, with a warning, because transformers loads them.
 *
 * @throws PippinError as `readSafetensorsHeader` and `parseShardIndex`; `CHECKPOINT_SHARD_MISSING`,
 *   `CHECKPOINT_TENSOR_MISSING`, `CHECKPOINT_TENSOR_DUPLICATE`, `CORE_PATH_ESCAPES`.
 */
export async function readSafetensorsFiles(
  tree: FileTree,
  weights: SafetensorsWeights,
  context: StageContext,
): Promise<SafetensorsFiles> {
  if (weights.kind === "safetensors") return readHeaders(tree, weights.files, context);
  const index = await readIndex(tree, weights.index, context.signal);
  const read = await readHeaders(tree, index.shards, context);
  return { ...read, warnings: compareWithIndex(index, read, tree) };
}

async function readIndex(tree: FileTree, file: string, signal: AbortSignal | undefined): Promise<ShardIndex> {
  return withFile(
    tree,
    file,
    async (source) => {
      if (source.byteLength > MAX_INDEX_BYTES) {
        throw limitExceeded(source.name, `it has ${source.byteLength} bytes`, MAX_INDEX_BYTES);
      }
      return parseShardIndex(await readText(source, { maxBytes: MAX_INDEX_BYTES, signal }), source.name);
    },
    signal,
  );
}

async function readHeaders(
  tree: FileTree,
  names: readonly string[],
  context: StageContext,
): Promise<SafetensorsFiles> {
  if (names.length > MAX_SHARDS) throw limitExceeded(tree.name, `it holds ${names.length} files`, MAX_SHARDS);
  const tensors = new Map<string, PlacedTensor>();
  const metadata = new Map<string, string>();
  const files: CheckpointFile[] = [];
  for (const name of names) {
    throwIfCancelled(context.signal);
    const file = tree.locate(name);
    const { header, byteLength } = await readHeader(tree, name, context.signal);
    for (const [tensor, info] of header.tensors) {
      const other = tensors.get(tensor);
      if (other !== undefined) throw inTwoFiles(tensor, other.file, file);
      tensors.set(tensor, { ...info, file });
    }
    if (tensors.size > MAX_TENSORS)
      throw limitExceeded(tree.name, `it holds ${tensors.size} tensors`, MAX_TENSORS);
    for (const [key, value] of Object.entries(header.metadata)) {
      if (!metadata.has(key)) metadata.set(key, value);
    }
    files.push({ path: name, byteLength });
    context.progress?.({ stage: "open", unit: "files", done: files.length, total: names.length, item: name });
  }
  return { tensors, metadata: Object.fromEntries(metadata), files, warnings: [] };
}

async function readHeader(tree: FileTree, name: string, signal: AbortSignal | undefined) {
  const source = await tree.open(name, signal).catch((cause) => {
    throw isMissing(cause) ? shardMissing(tree.locate(name), cause) : cause;
  });
  try {
    return { header: await readSafetensorsHeader(source, signal), byteLength: source.byteLength };
  } finally {
    await source.close();
  }
}

function compareWithIndex(index: ShardIndex, read: SafetensorsFiles, tree: FileTree): Warning[] {
  for (const [tensor, shard] of index.weightMap) {
    const file = tree.locate(shard);
    if (read.tensors.get(tensor)?.file !== file) throw tensorMissing(tensor, file);
  }
  const extra = [...read.tensors.keys()].filter((name) => !index.weightMap.has(name));
  if (extra.length === 0) return [];
  const code: CheckpointWarningCode = "CHECKPOINT_TENSOR_NOT_INDEXED";
  return [
    {
      code,
      message: `the shards hold tensors that the index does not name: ${listed(extra)}`,
      hint: "They are read, as transformers reads them. If that is wrong, download the index and the shards again.",
    },
  ];
}

function tensorMissing(tensor: string, file: string) {
  return checkpointError("CHECKPOINT_TENSOR_MISSING", {
    message: `the index puts the tensor ${quoted(tensor)} into ${file}, which does not hold it`,
    hint: "The index and the shards are of different revisions; download all of them again.",
    details: { tensor, file },
  });
}

function inTwoFiles(tensor: string, first: string, second: string) {
  return checkpointError("CHECKPOINT_TENSOR_DUPLICATE", {
    message: `the tensor ${quoted(tensor)} is in ${first} and in ${second}`,
    hint: "The folder mixes two versions of the model; remove the files that do not belong to it.",
    details: { tensor, first, second },
  });
}
