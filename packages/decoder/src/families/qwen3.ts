import { z } from "zod";
import { CommonConfig, parseConfig } from "../config.ts";
import type { Family } from "../family.ts";
import { llamaGlobalTensor, llamaLayerTensor, llamaLikeSpec } from "./llama-like.ts";
import { QwenWindowKeys, qwenWindow } from "./qwen-window.ts";

const Qwen3Config = CommonConfig.extend({
  ...QwenWindowKeys,
  /** Qwen3's own default, also where `hidden_size / num_attention_heads` is another number. */
  head_dim: z.number().int().positive().default(128),
  attention_bias: z.boolean().default(false),
});

/** Qwen3: llama with a norm over each head of q and k before the rotary embedding. */
export const qwen3: Family = {
  modelTypes: ["qwen3"],
  readSpec(json) {
    const config = parseConfig(Qwen3Config, json);
    return llamaLikeSpec(config, {
      family: "qwen3",
      qkvBias: config.attention_bias,
      outputBias: config.attention_bias,
      qkNorm: { over: "head", epsilon: config.rms_norm_eps },
      window: qwenWindow(config),
    });
  },
  globalTensor: llamaGlobalTensor,
  layerTensor: llamaLayerTensor,
};
