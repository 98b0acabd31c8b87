import { type ByteSource, type FileTree, type StageContext, withFile } from "@pippin/core";
import { type Checkpoint, type CheckpointTensor, checkpointTensor } from "./checkpoint.ts";
import { checkpointError } from "./errors.ts";
import { type Gguf, readGguf, tensorTwice } from "./gguf.ts";
import { type GgufConfig, ggufConfig, ggufGenerationConfig } from "./gguf-config.ts";
import { ggufTensorName, ggufTensorOps, ROPE_FACTORS_TENSOR } from "./gguf-names.ts";
import type { GgufValue } from "./gguf-values.ts";
import { MAX_ROPE_FACTORS } from "./limits.ts";
import { ggufQuantization } from "./quantization.ts";
import { tensorInvalid } from "./tensor-info.ts";

/** Opens a GGUF file as the checkpoint that it would be on Hugging Face. */
export function openGguf(tree: FileTree, file: string, { signal }: StageContext): Promise<Checkpoint> {
  const path = tree.locate(file);
  return withFile(
    tree,
    file,
    async (source) => {
      const gguf = await readGguf(source, signal);
      refuseSplit(gguf, path);
      const config = ggufConfig(gguf, await readRopeFactors(gguf, source, signal));
      const generationConfig = ggufGenerationConfig(gguf);
      return {
        format: "gguf" as const,
        name: file.replace(/\.gguf$/, ""),
        config,
        ...(generationConfig && { generationConfig }),
        tensors: renamed(gguf, config, path),
        metadata: generalStrings(gguf.metadata),
        gguf: { metadata: gguf.metadata },
        files: [{ path: file, byteLength: source.byteLength }],
        warnings: [],
      };
    },
    signal,
  );
}

function refuseSplit(gguf: Gguf, file: string): void {
  const pieces = gguf.metadata.get("split.count");
  if (pieces === undefined || pieces === 0 || pieces === 1) return;
  throw checkpointError("CHECKPOINT_GGUF_SPLIT", {
    message: `${file} is one of ${String(pieces)} pieces of a GGUF`,
    hint: "Join them with llama.cpp: llama-gguf-split --merge FIRST-PIECE.gguf WHOLE.gguf",
    details: { file },
  });
}

async function readRopeFactors(
  gguf: Gguf,
  source: ByteSource,
  signal?: AbortSignal,
): Promise<number[] | undefined> {
  const info = gguf.tensors.get(ROPE_FACTORS_TENSOR);
  if (info === undefined) return undefined;
  if (info.dtype !== "F32" || info.byteLength > 4 * MAX_ROPE_FACTORS) {
    throw tensorInvalid(
      source.name,
      ROPE_FACTORS_TENSOR,
      `holds ${info.dtype} [${info.shape.join(", ")}] instead of a few F32`,
    );
  }
  const bytes = await source.read(info.byteOffset, info.byteLength, signal);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: info.byteLength / 4 }, (_, index) => view.getFloat32(4 * index, true));
}

function renamed(gguf: Gguf, config: GgufConfig, file: string): Map<string, CheckpointTensor> {
  const heads = {
    architecture: config.model_type,
    numHeads: config.num_attention_heads,
    numKeyValueHeads: config.num_key_value_heads,
  };
  const tensors = new Map<string, CheckpointTensor>();
  for (const [ggufName, info] of gguf.tensors) {
    const name = ggufTensorName(ggufName);
    if (name === undefined) continue;
    if (tensors.has(name)) throw tensorTwice(file, name);
    const ops = ggufTensorOps(ggufName, heads);
    const quantization = ggufQuantization(info.dtype, info.shape);
    tensors.set(name, checkpointTensor(info, { name, file, ops, quantization }));
  }
  return tensors;
}

function generalStrings(metadata: ReadonlyMap<string, GgufValue>): Record<string, string> {
  const strings = [...metadata].filter(
    (entry): entry is [string, string] => entry[0].startsWith("general.") && typeof entry[1] === "string",
  );
  return Object.fromEntries(strings);
}
