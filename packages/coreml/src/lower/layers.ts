import { assertNever } from "@pippin/core";
import type { AttentionSpec, DecoderSpec, LayerSpec, NormSpec } from "@pippin/decoder";
import type { Ref } from "./builder.ts";
import { rmsNorm } from "./norm.ts";
import type { Ops } from "./ops.ts";

/** Computes a layer's attention from its normed input; programs differ in where keys and values live. */
export type Attention = (layer: number, prefix: string, x: Ref, spec: AttentionSpec) => Ref;

const LAYER_OUTPUT = "output";

/** The value that holds the residual stream after a layer, `[1, S, hidden]`, in every function. */
export const layerOutputName = (layer: number): string => `layers_${layer}_${LAYER_OUTPUT}`;

/** Token ids `[1, S]` → hidden states `[1, S, hidden]` after the last layer, before the final norm. */
export function decoderLayers(
  ops: Ops,
  spec: DecoderSpec,
  tokens: Ref,
  { attention, opset }: { readonly attention: Attention; readonly opset: string },
): Ref {
  let x = ops.gather("embedded", ops.b.weight("embedding.weight"), tokens, 0, opset);
  if (spec.embedding.scale !== 1) x = ops.mul("embedded_scaled", x, ops.half(spec.embedding.scale));
  spec.layers.forEach((layer, index) => {
    x = decoderLayer(ops, index, layer, { x, attention });
  });
  return x;
}

function decoderLayer(
  ops: Ops,
  index: number,
  layer: LayerSpec,
  { x, attention }: { x: Ref; attention: Attention },
): Ref {
  const prefix = `layers_${index}`;
  const role = `layers.${index}`;
  const normed = (name: string, part: string, value: Ref, norm: NormSpec | null) =>
    norm ? rmsNorm(ops, `${prefix}_${name}`, value, ops.b.weight(`${role}.${part}.weight`), norm) : value;
  const residual = (name: string, base: Ref, branch: Ref) => {
    const scaled =
      layer.residualScale === 1
        ? branch
        : ops.mul(`${prefix}_${name}_scaled`, branch, ops.half(layer.residualScale));
    return ops.add(`${prefix}_${name}`, base, scaled);
  };

  const mixerInput = normed("input_norm", "input_norm", x, layer.norms.beforeMixer);
  const joined = attention(index, `${prefix}_attention`, mixerInput, layer.mixer);
  const outputBias = layer.mixer.outputBias ? ops.b.weight(`${role}.attention.o.bias`) : undefined;
  const output = ops.linear(
    `${prefix}_attention_o_proj`,
    joined,
    ops.b.weight(`${role}.attention.o.weight`),
    outputBias,
  );
  const mixed = normed("attention_output_norm", "attention_output_norm", output, layer.norms.afterMixer);
  const middle = residual("after_attention", x, mixed);

  const feedInput = normed("mlp_norm", "mlp_norm", middle, layer.norms.beforeFeedForward);
  const fed = feedForward(ops, { prefix: `${prefix}_mlp`, role: `${role}.mlp`, layer }, feedInput);
  return residual(
    LAYER_OUTPUT,
    middle,
    normed("mlp_output_norm", "mlp_output_norm", fed, layer.norms.afterFeedForward),
  );
}

function feedForward(
  ops: Ops,
  { prefix, role, layer }: { prefix: string; role: string; layer: LayerSpec },
  x: Ref,
): Ref {
  const spec = layer.feedForward;
  switch (spec.kind) {
    case "gated": {
      const linear = (part: "gate" | "up" | "down", input: Ref) => {
        const bias = spec.bias ? ops.b.weight(`${role}.${part}.bias`) : undefined;
        return ops.linear(`${prefix}_${part}_proj`, input, ops.b.weight(`${role}.${part}.weight`), bias);
      };
      const gate = ops.activation(spec.activation, `${prefix}_gate_active`, linear("gate", x));
      return linear("down", ops.mul(`${prefix}_gated`, gate, linear("up", x)));
    }
    default:
      return assertNever(spec.kind);
  }
}

/** Hidden states `[1, S, hidden]` → logits `[1, S, vocabSize]`. */
export function logitsOf(ops: Ops, spec: DecoderSpec, hidden: Ref, name: string): Ref {
  const normed = rmsNorm(ops, "final_norm", hidden, ops.b.weight("final_norm.weight"), spec.finalNorm);
  const weight = ops.b.weight(spec.head.tied ? "embedding.weight" : "head.weight");
  if (spec.head.scale === 1) return ops.linear(name, normed, weight);
  return ops.mul(name, ops.linear(`${name}_unscaled`, normed, weight), ops.half(spec.head.scale));
}
