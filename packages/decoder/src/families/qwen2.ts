import { CommonConfig, parseConfig } from "../config.ts";
import type { Family } from "../family.ts";
import { llamaGlobalTensor, llamaLayerTensor, llamaLikeSpec } from "./llama-like.ts";
import { QwenWindowKeys, qwenWindow } from "./qwen-window.ts";

const Qwen2Config = CommonConfig.extend(QwenWindowKeys);

/** Qwen2 and Qwen2.5: llama with biases on q, k and v. */
export const qwen2: Family = {
  modelTypes: ["qwen2"],
  readSpec(json) {
    const config = parseConfig(Qwen2Config, json);
    return llamaLikeSpec(config, {
      family: "qwen2",
      qkvBias: true,
      outputBias: false,
      window: qwenWindow(config),
    });
  },
  globalTensor: llamaGlobalTensor,
  layerTensor: llamaLayerTensor,
};
