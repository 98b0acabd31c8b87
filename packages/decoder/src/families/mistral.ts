import { z } from "zod";
import { CommonConfig, parseConfig } from "../config.ts";
import type { Family } from "../family.ts";
import { llamaGlobalTensor, llamaLayerTensor, llamaLikeSpec } from "./llama-like.ts";

/** A config without the key means 4096, as in transformers; `null` means no window (v0.2 and later). */
const MistralConfig = CommonConfig.extend({
  sliding_window: z.number().int().positive().nullable().default(4096),
});

/** Mistral 7B and Nemo: llama with a sliding window on all layers. */
export const mistral: Family = {
  modelTypes: ["mistral"],
  readSpec(json) {
    const config = parseConfig(MistralConfig, json);
    return llamaLikeSpec(config, {
      family: "mistral",
      qkvBias: false,
      outputBias: false,
      window: () => config.sliding_window,
    });
  },
  globalTensor: llamaGlobalTensor,
  layerTensor: llamaLayerTensor,
};
