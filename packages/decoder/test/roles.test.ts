import { expect, test } from "vitest";
import { readDecoderSpec } from "../src/read-decoder.ts";
import { weightRoles } from "../src/roles.ts";
import { SMALL } from "./families/small-config.ts";

test("a llama's weights are listed in the order of a forward pass", () => {
  const spec = readDecoderSpec({ ...SMALL, num_hidden_layers: 1, model_type: "llama" });
  expect([...weightRoles(spec)]).toEqual([
    ["embedding.weight", [64, 32]],
    ["layers.0.input_norm.weight", [32]],
    ["layers.0.attention.q.weight", [32, 32]],
    ["layers.0.attention.k.weight", [16, 32]],
    ["layers.0.attention.v.weight", [16, 32]],
    ["layers.0.attention.o.weight", [32, 32]],
    ["layers.0.mlp_norm.weight", [32]],
    ["layers.0.mlp.gate.weight", [24, 32]],
    ["layers.0.mlp.up.weight", [24, 32]],
    ["layers.0.mlp.down.weight", [32, 24]],
    ["final_norm.weight", [32]],
    ["head.weight", [64, 32]],
  ]);
});

test("biases, norms over heads and a tied head change the list", () => {
  const change = { model_type: "qwen3", head_dim: 16, attention_bias: true, tie_word_embeddings: true };
  const roles = weightRoles(readDecoderSpec({ ...SMALL, ...change }));
  expect(roles.get("layers.1.attention.q.bias")).toEqual([64]);
  expect(roles.get("layers.1.attention.k.bias")).toEqual([32]);
  expect(roles.get("layers.1.attention.o.bias")).toEqual([32]);
  expect(roles.get("layers.1.attention.q_norm.weight")).toEqual([16]);
  expect(roles.get("layers.1.attention.k_norm.weight")).toEqual([16]);
  expect(roles.has("head.weight")).toBe(false);
});

test("biases of the feed-forward block and norms after the blocks are listed", () => {
  const spec = readDecoderSpec({ ...SMALL, model_type: "granite", mlp_bias: true });
  const norm = { kind: "rms", epsilon: 1e-5 } as const;
  const layer = {
    ...spec.layers[0]!,
    norms: { beforeMixer: null, afterMixer: norm, beforeFeedForward: null, afterFeedForward: norm },
  };
  const names = [...weightRoles({ ...spec, layers: [layer] }).keys()].map((role) =>
    role.replace("layers.0.", ""),
  );
  expect(names).toEqual([
    ...[
      "embedding.weight",
      "attention.q.weight",
      "attention.k.weight",
      "attention.v.weight",
      "attention.o.weight",
    ],
    ...["attention_output_norm.weight", "mlp.gate.weight", "mlp.gate.bias", "mlp.up.weight", "mlp.up.bias"],
    ...["mlp.down.weight", "mlp.down.bias", "mlp_output_norm.weight", "final_norm.weight", "head.weight"],
  ]);
});
