import { CommonConfig, flag, parseConfig } from "../config.ts";
import type { Family } from "../family.ts";
import { llamaGlobalTensor, llamaLayerTensor, llamaLikeSpec } from "./llama-like.ts";

const LlamaConfig = CommonConfig.extend({
  attention_bias: flag,
  mlp_bias: flag,
});

/** Llama 2, 3 and 3.x, SmolLM and SmolLM2, and many others that publish under `llama`. */
export const llama: Family = {
  modelTypes: ["llama"],
  readSpec(json) {
    const config = parseConfig(LlamaConfig, json);
    return llamaLikeSpec(config, {
      family: "llama",
      qkvBias: config.attention_bias,
      outputBias: config.attention_bias,
      feedForwardBias: config.mlp_bias,
    });
  },
  globalTensor: llamaGlobalTensor,
  layerTensor: llamaLayerTensor,
};
