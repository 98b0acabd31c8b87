import type { Checkpoint, CheckpointTensor } from "@pippin/checkpoint";
import type { Dtype, WeightOp } from "@pippin/kernels";
import { expect, test } from "vitest";
import { readDecoder } from "../src/read-decoder.ts";
import { SMALL } from "./families/small-config.ts";

const CONFIG = { ...SMALL, num_hidden_layers: 1, model_type: "llama" };

const SHAPES: Readonly<Record<string, readonly number[]>> = {
  "model.embed_tokens.weight": [64, 32],
  "model.layers.0.input_layernorm.weight": [32],
  "model.layers.0.self_attn.q_proj.weight": [32, 32],
  "model.layers.0.self_attn.k_proj.weight": [16, 32],
  "model.layers.0.self_attn.v_proj.weight": [16, 32],
  "model.layers.0.self_attn.o_proj.weight": [32, 32],
  "model.layers.0.post_attention_layernorm.weight": [32],
  "model.layers.0.mlp.gate_proj.weight": [24, 32],
  "model.layers.0.mlp.up_proj.weight": [24, 32],
  "model.layers.0.mlp.down_proj.weight": [32, 24],
  "model.norm.weight": [32],
  "lm_head.weight": [64, 32],
};

function tensor(
  name: string,
  shape: readonly number[],
  dtype: Dtype = "BF16",
  ops: readonly WeightOp[] = [],
): CheckpointTensor {
  const byteLength = 2 * shape.reduce((product, size) => product * size, 1);
  return {
    name,
    dtype,
    shape,
    ops,
    source: { file: "model.safetensors", byteOffset: 0, byteLength, dtype, shape },
  };
}

function checkpoint(
  change: Readonly<Record<string, CheckpointTensor | undefined>> = {},
  config: object = CONFIG,
): Checkpoint {
  const tensors = new Map(Object.entries(SHAPES).map(([name, shape]) => [name, tensor(name, shape)]));
  for (const [name, replacement] of Object.entries(change)) {
    if (replacement === undefined) tensors.delete(name);
    else tensors.set(name, replacement);
  }
  return { format: "safetensors", name: "tiny", config, tensors, metadata: {}, files: [], warnings: [] };
}

test("each role is bound to its tensor", () => {
  const { weights } = readDecoder(checkpoint());
  expect(weights.roles.length).toBe(12);
  expect(weights.roles[0]).toBe("embedding.weight");
  expect(weights.expr("layers.0.attention.k.weight")).toEqual({
    source: expect.objectContaining({ dtype: "BF16", shape: [16, 32] }),
    ops: [],
    shape: [16, 32],
  });
});

test("steps of the checkpoint pass through", () => {
  const name = "model.layers.0.self_attn.q_proj.weight";
  const ops = [{ kind: "permuteRope", heads: 4 }] as const;
  const { weights } = readDecoder(checkpoint({ [name]: tensor(name, [32, 32], "F16", ops) }));
  expect(weights.expr("layers.0.attention.q.weight").ops).toEqual(ops);
});

test("a slice of the checkpoint's decides the shape", () => {
  const name = "model.layers.0.self_attn.k_proj.weight";
  const ops = [{ kind: "sliceRows", begin: 32, end: 48 }] as const;
  const { weights } = readDecoder(checkpoint({ [name]: tensor(name, [64, 32], "F16", ops) }));
  expect(weights.expr("layers.0.attention.k.weight")).toMatchObject({ ops, shape: [16, 32] });
});

test("a role that the model lacks is named", () => {
  const { weights } = readDecoder(checkpoint());
  expect(() => weights.expr("layers.7.mlp.up.weight")).toThrow(
    expect.objectContaining({
      code: "DECODER_ROLE_UNKNOWN",
      message: 'the model has no weight "layers.7.mlp.up.weight"',
    }),
  );
});

test("missing tensors are counted and named", () => {
  const change = { "model.norm.weight": undefined, "lm_head.weight": undefined };
  expect(() => readDecoder(checkpoint(change))).toThrow(
    expect.objectContaining({
      code: "DECODER_TENSOR_MISSING",
      message: "tiny lacks 2 tensors that the model needs: model.norm.weight, lm_head.weight",
      details: { missing: ["model.norm.weight", "lm_head.weight"] },
    }),
  );
});

test("tensors without a place are refused", () => {
  const name = "model.layers.0.self_attn.q_proj.bias";
  expect(() => readDecoder(checkpoint({ [name]: tensor(name, [32]) }))).toThrow(
    expect.objectContaining({
      code: "DECODER_TENSOR_UNUSED",
      message: expect.stringContaining(name),
      details: { unused: [name] },
    }),
  );
});

test("tables computed from the config do no harm", () => {
  const name = "model.layers.0.self_attn.rotary_emb.inv_freq";
  expect(readDecoder(checkpoint({ [name]: tensor(name, [4], "F32") })).weights.roles.length).toBe(12);
});

test("a tied model that ships a head of its own is not tied", () => {
  const { spec, weights } = readDecoder(checkpoint({}, { ...CONFIG, tie_word_embeddings: true }));
  expect(spec.head.tied).toBe(false);
  expect(weights.roles).toContain("head.weight");
});

test("the tensor of a tied pair may be stored under the head's name", () => {
  const changes = { "model.embed_tokens.weight": undefined };
  const given = checkpoint(changes, { ...CONFIG, tie_word_embeddings: true });
  const { spec, weights } = readDecoder(given);
  expect(spec.head.tied).toBe(true);
  expect(weights.expr("embedding.weight").source).toBe(given.tensors.get("lm_head.weight")!.source);
});

test.each<[string, readonly number[]]>([
  ["model.layers.0.self_attn.k_proj.weight", [32, 32]],
  ["model.layers.0.mlp.down_proj.weight", [24, 32]],
  ["model.norm.weight", [1, 32]],
  ["model.layers.0.mlp.up_proj.weight", [4, 6, 32]],
  ["model.norm.weight", []],
])("%s of shape %j is refused with both shapes", (name, shape) => {
  const expected = SHAPES[name]!;
  expect(() => readDecoder(checkpoint({ [name]: tensor(name, shape) }))).toThrow(
    expect.objectContaining({
      code: "DECODER_TENSOR_SHAPE",
      message: `the tensor ${name} has shape [${shape.join(", ")}], the config asks for [${expected.join(", ")}]`,
      details: { tensor: name, shape, expected },
    }),
  );
});

test.each(["I8", "U32", "F8_E4M3"] as const)("a tensor of %s is refused by name", (dtype) => {
  const name = "model.layers.0.mlp.up_proj.weight";
  expect(() => readDecoder(checkpoint({ [name]: tensor(name, [24, 32], dtype) }))).toThrow(
    expect.objectContaining({ code: "DECODER_TENSOR_DTYPE", details: { tensor: name, dtype } }),
  );
});
