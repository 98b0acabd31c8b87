import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readWeight } from "@pippin/kernels/node";
import { expect, test } from "vitest";
import { openCheckpoint } from "../../src/node/open-checkpoint.ts";
import type { Quantization } from "../../src/quantization.ts";
import { GgufBytes } from "../build-gguf.ts";
import { folderOf } from "./temporary-folder.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/quantized");
const NAME = "model.layers.0.mlp.up_proj.weight";

const base: Quantization = {
  ...{ bits: 4, codes: "integer", axis: 1, groupSize: 32, groupRows: 1, offset: "none", indexed: false },
};
const mlx = (bits: number, groupSize = 32): Quantization => ({ ...base, bits, groupSize, offset: "minimum" });
const zeroPoint: Quantization = { ...base, offset: "zeroPoint" };
const float: Quantization = { ...base, codes: "float" };
const fp8 = (groupRows: number, groupSize: number): Quantization => ({
  ...float,
  bits: 8,
  groupSize,
  groupRows,
});

/** What each folder of fixtures/quantized says of its grid. */
const GRIDS: Readonly<Record<string, Quantization>> = {
  awq: zeroPoint,
  "compressed-fp8": fp8(1, 64),
  "compressed-int4": base,
  "compressed-int8": { ...base, bits: 8, groupSize: 64 },
  "fbgemm-fp8": fp8(1, 64),
  "fp8-blocks": fp8(24, 32),
  "fp8-e5m2": fp8(32, 64),
  "fp8-tensor": fp8(32, 64),
  "gptq-2": { ...zeroPoint, bits: 2 },
  "gptq-3": { ...zeroPoint, bits: 3 },
  "gptq-4": zeroPoint,
  "gptq-8": { ...zeroPoint, bits: 8 },
  "gptq-act-order": { ...zeroPoint, indexed: true },
  "gptq-one-group": { ...zeroPoint, groupSize: 64 },
  "gptq-v2": zeroPoint,
  "mlx-2": mlx(2),
  "mlx-3": mlx(3),
  "mlx-4": mlx(4),
  "mlx-4-f16": mlx(4, 64),
  "mlx-5": mlx(5),
  "mlx-6": mlx(6),
  "mlx-8": mlx(8),
  "mlx-mxfp4": float,
  "mlx-mxfp8": { ...float, bits: 8 },
  mxfp4: float,
};

test.each(readdirSync(FIXTURES))("%s is one weight with its values and its grid", async (name) => {
  const folder = join(FIXTURES, name);
  const bytes = readFileSync(join(folder, "expected.f32"));

  const { tensors } = await openCheckpoint(folder);

  expect([...tensors.keys()]).toEqual([NAME]);
  const { source, ops, shape, quantization } = tensors.get(NAME)!;
  expect(quantization).toEqual(GRIDS[name]);
  const expected = new Float32Array(new Uint8Array(bytes).buffer);
  expect(await readWeight({ source, ops, shape })).toEqual(expected);
});

test("plain tensors beside quantized ones have no grid", async () => {
  const folder = await folderOf({
    "model.safetensors": readFileSync(join(FIXTURES, "awq/model.safetensors")),
    "config.json": '{"model_type":"llama"}',
  });
  const { tensors } = await openCheckpoint(folder);
  expect([...tensors.keys()].sort()).toEqual(
    ["qweight", "qzeros", "scales"].map((part) => `model.layers.0.mlp.up_proj.${part}`),
  );
  expect([...tensors.values()].some((tensor) => "quantization" in tensor)).toBe(false);
});

test("a GGUF tells the grids of its tensors", async () => {
  const bytes = new GgufBytes().header(1, 8).key("general.architecture", "STRING").string("llama");
  for (const [key, value] of [
    ...[["context_length", 64] as const, ["embedding_length", 256] as const, ["block_count", 1] as const],
    ...[
      ["feed_forward_length", 16] as const,
      ["attention.head_count", 2] as const,
      ["vocab_size", 1] as const,
    ],
  ]) {
    bytes.key(`llama.${key}`, "UINT32").u32(value);
  }
  bytes.key("llama.attention.layer_norm_rms_epsilon", "FLOAT32").f32(1e-5);
  bytes.tensor("token_embd.weight", [256, 1], 12, 0).pad().raw(new Uint8Array(144));
  const folder = await folderOf({ "m.gguf": bytes.done() });

  const { tensors } = await openCheckpoint(folder);

  expect(tensors.get("model.embed_tokens.weight")).toMatchObject({
    dtype: "Q4_K",
    quantization: { bits: 4, groupSize: 32, offset: "minimum", axis: 1 },
  });
});
