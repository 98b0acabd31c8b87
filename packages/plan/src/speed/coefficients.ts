// Made by `npm run predict:fit -- FILE.csv --write`; do not edit.
import type { FittedSpeed } from "./cost-model.ts";

/** The fit of docs/speed-prediction.md. The comments count the decode rates of the engine that were fitted. */
export const FITTED: FittedSpeed = {
  coefficients: {
    tokenMs: {
      "coreml-gpu": 0.2353, // 1
      "coreml-ane": 13.01, // 10
      "foundation-models": 6.562, // 0
      "core-ai-gpu": 0.1611, // 16
      "core-ai-ane": 2.703, // 2
      mlc: 0.2335, // 3
      mlx: 0.1037, // 29
      "mlx-lm": 0.1513, // 18
      "mlx-vlm": 0.1565, // 12
      "vllm-mlx": 0.1387, // 10
      "rapid-mlx": 0.1579, // 16
      "llama.cpp": 0.2583, // 53
      "llama-server": 0.2345, // 28
      ollama: 0.2315, // 10
      "litert-gpu": 0.2723, // 16
      "litert-cpu": 1.049, // 3
      "executorch-cpu": 1.057, // 5
      "other-gpu": 0.2375, // 1
      "other-ane": 6.562, // 0
      "other-cpu": 0.9192, // 1
    },
    layerMs: {
      "coreml-gpu": 0.3974, // 1
      "coreml-ane": 0.09485, // 10
      "foundation-models": 0.07925, // 0
      "core-ai-gpu": 0.04259, // 16
      "core-ai-ane": 0.05688, // 2
      mlc: 0.3959, // 3
      mlx: 0.04686, // 29
      "mlx-lm": 0.1102, // 18
      "mlx-vlm": 0.3432, // 12
      "vllm-mlx": 0.06216, // 10
      "rapid-mlx": 0.1205, // 16
      "llama.cpp": 0.1424, // 53
      "llama-server": 0.1742, // 28
      ollama: 0.137, // 10
      "litert-gpu": 0.1442, // 16
      "litert-cpu": 0.1499, // 3
      "executorch-cpu": 0.1585, // 5
      "other-gpu": 0.5006, // 1
      "other-ane": 0.07925, // 0
      "other-cpu": 0.1179, // 1
    },
    bandwidthShare: {
      "coreml-gpu": 0.6638, // 1
      "coreml-ane": 1.099, // 10
      "foundation-models": 0.8733, // 0
      "core-ai-gpu": 0.8094, // 16
      "core-ai-ane": 0.8014, // 2
      mlc: 0.6257, // 3
      mlx: 0.8767, // 29
      "mlx-lm": 0.8474, // 18
      "mlx-vlm": 0.6744, // 12
      "vllm-mlx": 0.9011, // 10
      "rapid-mlx": 0.9416, // 16
      "llama.cpp": 0.8451, // 53
      "llama-server": 0.9069, // 28
      ollama: 0.7067, // 10
      "litert-gpu": 0.7303, // 16
      "litert-cpu": 0.4713, // 3
      "executorch-cpu": 0.5295, // 5
      "other-gpu": 0.6537, // 1
      "other-ane": 0.8733, // 0
      "other-cpu": 0.5479, // 1
    },
    computeFactor: {
      "coreml-gpu": 1.054, // 1
      "coreml-ane": 1, // 10
      "foundation-models": 1, // 0
      "core-ai-gpu": 1.199, // 16
      "core-ai-ane": 1, // 2
      mlc: 1.054, // 3
      mlx: 1.16, // 29
      "mlx-lm": 1.002, // 18
      "mlx-vlm": 0.9462, // 12
      "vllm-mlx": 0.9744, // 10
      "rapid-mlx": 0.8939, // 16
      "llama.cpp": 1.103, // 53
      "llama-server": 1.078, // 28
      ollama: 1.078, // 10
      "litert-gpu": 1.054, // 16
      "litert-cpu": 0.4638, // 3
      "executorch-cpu": 0.3406, // 5
      "other-gpu": 1.054, // 1
      "other-ane": 1, // 0
      "other-cpu": 0.2983, // 1
    },
    promptSteps: {
      "coreml-gpu": 1.073, // 1
      "coreml-ane": 1, // 10
      "foundation-models": 1, // 0
      "core-ai-gpu": 1.322, // 16
      "core-ai-ane": 1, // 2
      mlc: 1.073, // 3
      mlx: 1.111, // 29
      "mlx-lm": 1.118, // 18
      "mlx-vlm": 1.002, // 12
      "vllm-mlx": 1.16, // 10
      "rapid-mlx": 1.313, // 16
      "llama.cpp": 0.9501, // 53
      "llama-server": 1.03, // 28
      ollama: 1.03, // 10
      "litert-gpu": 1.073, // 16
      "litert-cpu": 1.005, // 3
      "executorch-cpu": 1.003, // 5
      "other-gpu": 1.073, // 1
      "other-ane": 1, // 0
      "other-cpu": 1.01, // 1
    },
    layerFactor: {
      iphone: 0.7477,
      "mac-base": 1.244,
      "mac-pro": 1.106,
      "mac-max": 1.036,
      "mac-ultra": 0.8337,
      android: 1.74,
    },
    expertLayerMs: 0.09141,
    bandwidthFactor: {
      iphone: 0.9526,
      "mac-base": 1.041,
      "mac-pro": 1.062,
      "mac-max": 1.034,
      "mac-ultra": 0.8942,
      android: 1.045,
    },
    cacheShare: 0.8316,
    coreGigaflops: {
      apple6: 230,
      apple7: 206.6,
      apple8: 219.4,
      apple9: 252.1,
      "apple9-m4": 293,
      apple10: 230,
      other: 230,
    },
    computeClassFactor: {
      iphone: 1,
      "mac-base": 0.9592,
      "mac-pro": 1.035,
      "mac-max": 0.9657,
      "mac-ultra": 1.091,
      android: 1,
    },
    expertComputeFactor: 0.736,
    attentionOperations: 1.442,
  },
  decodeSpread: {
    "coreml-gpu": 1.349, // 1
    "coreml-ane": 1.237, // 10
    "foundation-models": 1.268, // 0
    "core-ai-gpu": 1.373, // 16
    "core-ai-ane": 1.649, // 2
    mlc: 1.474, // 3
    mlx: 1.25, // 29
    "mlx-lm": 1.133, // 18
    "mlx-vlm": 1.653, // 12
    "vllm-mlx": 1.227, // 10
    "rapid-mlx": 1.347, // 16
    "llama.cpp": 1.126, // 53
    "llama-server": 1.161, // 28
    ollama: 1.354, // 10
    "litert-gpu": 1.443, // 16
    "litert-cpu": 1.253, // 3
    "executorch-cpu": 1.522, // 5
    "other-gpu": 1.495, // 1
    "other-ane": 1.268, // 0
    "other-cpu": 1.244, // 1
  },
  prefillSpread: {
    "coreml-gpu": 1.288, // 1
    "coreml-ane": 1.288, // 10
    "foundation-models": 1.288, // 0
    "core-ai-gpu": 1.154, // 16
    "core-ai-ane": 1.288, // 2
    mlc: 1.288, // 3
    mlx: 1.375, // 29
    "mlx-lm": 1.288, // 18
    "mlx-vlm": 1.185, // 12
    "vllm-mlx": 1.199, // 10
    "rapid-mlx": 1.393, // 16
    "llama.cpp": 1.227, // 53
    "llama-server": 1.288, // 28
    ollama: 1.288, // 10
    "litert-gpu": 1.288, // 16
    "litert-cpu": 1.5, // 3
    "executorch-cpu": 1.288, // 5
    "other-gpu": 1.288, // 1
    "other-ane": 1.288, // 0
    "other-cpu": 1.271, // 1
  },
  sustainedShare: {
    low: 0.372,
    mid: 0.4392,
    high: 0.6427,
  },
  measurements: {
    "llama.cpp": {
      "mac-base": 8,
      "mac-pro": 13,
      "mac-max": 17,
      "mac-ultra": 13,
      iphone: 2,
    },
    "coreml-ane": {
      iphone: 6,
      "mac-max": 4,
    },
    "litert-gpu": {
      iphone: 5,
      "mac-max": 11,
    },
    mlx: {
      iphone: 8,
      "mac-max": 21,
    },
    "core-ai-ane": {
      iphone: 2,
    },
    "core-ai-gpu": {
      "mac-max": 13,
      iphone: 3,
    },
    "litert-cpu": {
      "mac-base": 3,
    },
    "rapid-mlx": {
      "mac-ultra": 10,
      "mac-max": 6,
    },
    mlc: {
      iphone: 1,
      "mac-base": 2,
    },
    "other-cpu": {
      "mac-base": 1,
    },
    "executorch-cpu": {
      iphone: 1,
      android: 4,
    },
    "other-gpu": {
      android: 1,
    },
    "coreml-gpu": {
      "mac-max": 1,
    },
    "mlx-lm": {
      "mac-max": 18,
    },
    "llama-server": {
      "mac-max": 28,
    },
    "vllm-mlx": {
      "mac-max": 10,
    },
    ollama: {
      "mac-max": 10,
    },
    "mlx-vlm": {
      "mac-max": 12,
    },
  },
};
