import {
  activationOf,
  type CommonConfig,
  configInvalid,
  headDimOf,
  keyValueHeadsOf,
  ropeOf,
} from "../config.ts";
import type { TensorUse } from "../family.ts";
import type { GlobalRole, LayerRole } from "../roles.ts";
import type { AttentionSpec, DecoderSpec, LayerSpec } from "../spec.ts";

/** What a family changes of the llama block. */
export interface LlamaLikeOptions {
  readonly family: string;
  readonly qkvBias: boolean;
  readonly outputBias: boolean;
  readonly feedForwardBias?: boolean;
  readonly qkNorm?: AttentionSpec["qkNorm"];
  /** The window of a layer; default: none. */
  readonly window?: (layer: number) => number | null;
}

/** The pre-norm block of llama with rotary attention and a gated feed-forward: the baseline of most families. */
export function llamaLikeSpec(config: CommonConfig, options: LlamaLikeOptions): DecoderSpec {
  const headDim = headDimOf(config);
  const norm = { kind: "rms", epsilon: config.rms_norm_eps } as const;
  const rope = ropeOf(config, headDim);
  if (config.layer_types && config.layer_types.length !== config.num_hidden_layers) {
    throw configInvalid(
      `layer_types lists ${config.layer_types.length} layers, num_hidden_layers is ${config.num_hidden_layers}`,
    );
  }
  const layers = Array.from(
    { length: config.num_hidden_layers },
    (_, index): LayerSpec => ({
      mixer: {
        kind: "attention",
        numHeads: config.num_attention_heads,
        numKeyValueHeads: keyValueHeadsOf(config),
        headDim,
        scale: headDim ** -0.5,
        qkvBias: options.qkvBias,
        outputBias: options.outputBias,
        qkNorm: options.qkNorm ?? null,
        window: options.window?.(index) ?? null,
        rope,
      },
      feedForward: {
        kind: "gated",
        activation: activationOf(config.hidden_act),
        size: config.intermediate_size,
        bias: options.feedForwardBias ?? false,
      },
      norms: { beforeMixer: norm, afterMixer: null, beforeFeedForward: norm, afterFeedForward: null },
      residualScale: 1,
    }),
  );
  return {
    family: options.family,
    vocabSize: config.vocab_size,
    hiddenSize: config.hidden_size,
    maxPositions: config.max_position_embeddings,
    embedding: { scale: 1 },
    layers,
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, scale: 1 },
  };
}

const GLOBAL: Readonly<Record<GlobalRole, string>> = {
  "embedding.weight": "model.embed_tokens.weight",
  "final_norm.weight": "model.norm.weight",
  "head.weight": "lm_head.weight",
};

export function llamaGlobalTensor(role: GlobalRole): TensorUse {
  return { tensor: GLOBAL[role] };
}

const NORMS: Readonly<Record<string, string>> = {
  "input_norm.weight": "input_layernorm.weight",
  "mlp_norm.weight": "post_attention_layernorm.weight",
};

export function llamaLayerTensor(layer: number, role: LayerRole): TensorUse {
  const [block, part, kind] = role.split(".");
  const name =
    NORMS[role] ??
    (block === "attention" && part!.endsWith("_norm")
      ? `self_attn.${part}.${kind}`
      : `${block === "attention" ? "self_attn" : "mlp"}.${part}_proj.${kind}`);
  return { tensor: `model.layers.${layer}.${name}` };
}
