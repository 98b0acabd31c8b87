import { realpath } from "node:fs/promises";
import type { StageContext } from "@pippin/core";
import { checkOutputFile, withOutputFile } from "@pippin/core/node";
import { type Segment, writeSegments } from "@pippin/kernels/node";
import { checkpointError } from "../errors.ts";
import { type PlacedTensor, readSafetensorsFiles } from "../safetensors-files.ts";
import { safetensorsFront } from "../safetensors-header-bytes.ts";
import { findWeights } from "./find-weights.ts";

export interface MergeShardsOptions {
  /** `__metadata__` of the output; default: `{ format: "pt" }`, which transformers demands. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Replace an output that exists. */
  readonly force?: boolean;
  /** Hash each 8 MiB of the output. */
  readonly chunkHashes?: boolean;
  /** Check everything and say what would be written, and write nothing. */
  readonly dryRun?: boolean;
}

export interface MergedShards {
  readonly path: string;
  readonly byteLength: number;
  readonly tensors: number;
  /** Files that were merged. */
  readonly files: number;
  /** sha256 in hex of each 8 MiB, when asked for. */
  readonly chunkSha256?: readonly string[];
}

/**
 * Merges the safetensors of a folder into one file, byte-equal to what `safetensors.torch.save_file` writes of the same
 * tensors and metadata. The file appears when it is complete.
 *
 * @throws PippinError as `openCheckpoint`; `CORE_OUTPUT_EXISTS`, `CORE_OUTPUT_BUSY`, `CORE_OUTPUT_UNWRITABLE`, `CHECKPOINT_OUTPUT_IS_INPUT`, `KERNELS_*` of writing.
 * @remarks Streams; holds the headers and a few megabytes.
 */
export async function mergeShards(
  folder: string,
  outputFile: string,
  options: MergeShardsOptions = {},
  context: StageContext = {},
): Promise<MergedShards> {
  const { tree, weights } = await findWeights(folder);
  if (weights.kind === "gguf") throw notSafetensors(tree.locate(weights.file));
  const read = await readSafetensorsFiles(tree, weights, context);
  for (const warning of read.warnings) context.warn?.(warning);
  await refuseInput(outputFile, new Set([...read.tensors.values()].map(({ file }) => file)));
  const front = safetensorsFront(read.tensors, options.metadata ?? { format: "pt" }, outputFile);
  const copies = front.order.map((name) => copyOf(name, read.tensors.get(name)!));
  const facts = { path: outputFile, tensors: read.tensors.size, files: read.files.length };
  if (options.dryRun) {
    await checkOutputFile(outputFile, options);
    const sizes = [...read.tensors.values()].map(({ byteLength }) => byteLength);
    return { ...facts, byteLength: sizes.reduce((sum, size) => sum + size, front.bytes.byteLength) };
  }
  const output = { force: options.force, signal: context.signal };
  const written = await withOutputFile(outputFile, output, (staging) =>
    writeSegments(staging, [{ kind: "bytes", bytes: front.bytes }, ...copies], {
      chunkHashes: options.chunkHashes,
      overflow: "saturate",
      signal: context.signal,
      onBytes: (done, total) => context.progress?.({ stage: "merge-shards", unit: "bytes", done, total }),
    }),
  );
  return {
    ...facts,
    byteLength: written.byteLength,
    ...(written.chunkSha256 && { chunkSha256: written.chunkSha256 }),
  };
}

/** Bytes are copied as U8: a merge does not need to know every dtype. */
function copyOf(name: string, { file, byteOffset, byteLength }: PlacedTensor): Segment {
  const shape = [byteLength];
  const source = { file, byteOffset, byteLength, dtype: "U8", shape } as const;
  return { kind: "weight", id: name, expr: { source, ops: [], shape }, dtype: "same" };
}

async function refuseInput(output: string, inputs: ReadonlySet<string>): Promise<void> {
  const target = await realpath(output).catch(() => undefined);
  if (target === undefined) return;
  for (const input of inputs) {
    if ((await realpath(input)) === target) throw outputIsInput(output);
  }
}

function notSafetensors(path: string) {
  return checkpointError("CHECKPOINT_FORMAT_UNKNOWN", {
    message: `${path} is a GGUF; only safetensors are merged`,
    hint: "A GGUF is one file already; pieces of a split one are joined by llama.cpp's llama-gguf-split --merge.",
    details: { path },
  });
}

function outputIsInput(output: string) {
  return checkpointError("CHECKPOINT_OUTPUT_IS_INPUT", {
    message: `the output ${output} is one of the files to merge`,
    hint: "Name another file with --out.",
    details: { output },
  });
}
