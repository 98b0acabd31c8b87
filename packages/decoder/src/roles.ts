import type { DecoderSpec, LayerSpec } from "./spec.ts";

/**
 * The name of a weight by what it does, e.g. `layers.3.attention.q.weight`. Roles are the same for all families;
 * families say which tensor of the checkpoint plays a role.
 */
export type WeightRole = string;

/** Everything of a layer's role after `layers.N.`. */
export type LayerRole =
  | "input_norm.weight"
  | "attention_output_norm.weight"
  | "mlp_norm.weight"
  | "mlp_output_norm.weight"
  | `attention.${"q" | "k" | "v" | "o"}.${"weight" | "bias"}`
  | `attention.${"q_norm" | "k_norm"}.weight`
  | `mlp.${"gate" | "up" | "down"}.${"weight" | "bias"}`;

export type GlobalRole = "embedding.weight" | "final_norm.weight" | "head.weight";

export const layerRole = (layer: number, role: LayerRole): WeightRole => `layers.${layer}.${role}`;

/** Every weight that a model of this spec needs, with its shape, in the order in which a forward pass meets them. */
export function weightRoles(spec: DecoderSpec): Map<WeightRole, readonly number[]> {
  const roles = new Map<WeightRole, readonly number[]>();
  roles.set("embedding.weight", [spec.vocabSize, spec.hiddenSize]);
  spec.layers.forEach((layer, index) => {
    for (const [role, shape] of layerRoles(spec.hiddenSize, layer)) roles.set(layerRole(index, role), shape);
  });
  roles.set("final_norm.weight", [spec.hiddenSize]);
  if (!spec.head.tied) roles.set("head.weight", [spec.vocabSize, spec.hiddenSize]);
  return roles;
}

function* layerRoles(hidden: number, layer: LayerSpec): Generator<[LayerRole, readonly number[]]> {
  const { mixer, feedForward, norms } = layer;
  const queries = mixer.numHeads * mixer.headDim;
  const keys = mixer.numKeyValueHeads * mixer.headDim;
  if (norms.beforeMixer) yield ["input_norm.weight", [hidden]];
  for (const [part, rows] of [
    ["q", queries],
    ["k", keys],
    ["v", keys],
  ] as const) {
    yield [`attention.${part}.weight`, [rows, hidden]];
    if (mixer.qkvBias) yield [`attention.${part}.bias`, [rows]];
  }
  if (mixer.qkNorm) {
    yield ["attention.q_norm.weight", [mixer.qkNorm.over === "head" ? mixer.headDim : queries]];
    yield ["attention.k_norm.weight", [mixer.qkNorm.over === "head" ? mixer.headDim : keys]];
  }
  yield ["attention.o.weight", [hidden, queries]];
  if (mixer.outputBias) yield ["attention.o.bias", [hidden]];
  if (norms.afterMixer) yield ["attention_output_norm.weight", [hidden]];
  if (norms.beforeFeedForward) yield ["mlp_norm.weight", [hidden]];
  for (const part of ["gate", "up"] as const) {
    yield [`mlp.${part}.weight`, [feedForward.size, hidden]];
    if (feedForward.bias) yield [`mlp.${part}.bias`, [feedForward.size]];
  }
  yield ["mlp.down.weight", [hidden, feedForward.size]];
  if (feedForward.bias) yield ["mlp.down.bias", [hidden]];
  if (norms.afterFeedForward) yield ["mlp_output_norm.weight", [hidden]];
}
