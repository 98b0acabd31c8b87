import { z } from "zod";
import { CommonConfig, parseConfig } from "../config.ts";
import type { Family } from "../family.ts";
import { llamaGlobalTensor, llamaLayerTensor, llamaLikeSpec } from "./llama-like.ts";

/** Released models lie between 0.0078 and 12; the bounds keep reciprocals finite. */
const multiplier = z.number().min(1e-6).max(1e6).default(1);

const GraniteConfig = CommonConfig.extend({
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  embedding_multiplier: multiplier,
  /** Stands in the place of `headDim ** -0.5`. */
  attention_multiplier: multiplier,
  residual_multiplier: multiplier,
  /** Logits are divided by it. */
  logits_scaling: multiplier,
});

/** Granite 3.x, dense: llama with four multipliers. */
export const granite: Family = {
  modelTypes: ["granite"],
  readSpec(json) {
    const config = parseConfig(GraniteConfig, json);
    const spec = llamaLikeSpec(config, {
      family: "granite",
      qkvBias: config.attention_bias,
      outputBias: config.attention_bias,
      feedForwardBias: config.mlp_bias,
    });
    return {
      ...spec,
      embedding: { scale: config.embedding_multiplier },
      layers: spec.layers.map((layer) => ({
        ...layer,
        mixer: { ...layer.mixer, scale: config.attention_multiplier },
        residualScale: config.residual_multiplier,
      })),
      head: { ...spec.head, scale: 1 / config.logits_scaling },
    };
  },
  globalTensor: llamaGlobalTensor,
  layerTensor: llamaLayerTensor,
};
