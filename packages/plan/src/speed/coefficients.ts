// Made by `npm run predict:fit -- FILE.csv --write`; do not edit.
// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: a fitted number may be near log2(e) by chance
import type { FittedSpeed } from "./cost-model.ts";

/** The fit of docs/speed-prediction.md. The comments count the decode rates of the engine that were fitted. */
export const FITTED: FittedSpeed = {
  coefficients: {
    tokenMs: {
      "coreml-gpu": 0.3542, // 1
      "coreml-ane": 12.08, // 10
      "foundation-models": 6.828, // 0
      "core-ai-gpu": 0.2248, // 16
      "core-ai-ane": 3.078, // 2
      mlc: 0.3519, // 3
      mlx: 0.1491, // 29
      "mlx-lm": 0.2231, // 18
      "mlx-vlm": 0.2354, // 12
      "vllm-mlx": 0.2024, // 10
      "rapid-mlx": 0.2378, // 16
      "llama.cpp": 0.3999, // 53
      "llama-server": 0.3517, // 28
      ollama: 0.3452, // 10
      "litert-gpu": 0.4661, // 16
      "litert-cpu": 1.053, // 3
      "executorch-cpu": 1.051, // 5
      "other-gpu": 0.3586, // 1
      "other-ane": 6.828, // 0
      "other-cpu": 0.915, // 1
    },
    layerMs: {
      "coreml-gpu": 0.2644, // 1
      "coreml-ane": 0.1151, // 10
      "foundation-models": 0.09202, // 0
      "core-ai-gpu": 0.03492, // 16
      "core-ai-ane": 0.06668, // 2
      mlc: 0.2535, // 3
      mlx: 0.03959, // 29
      "mlx-lm": 0.09118, // 18
      "mlx-vlm": 0.2678, // 12
      "vllm-mlx": 0.05088, // 10
      "rapid-mlx": 0.104, // 16
      "llama.cpp": 0.1221, // 53
      "llama-server": 0.1487, // 28
      ollama: 0.115, // 10
      "litert-gpu": 0.1193, // 16
      "litert-cpu": 0.1465, // 3
      "executorch-cpu": 0.1514, // 5
      "other-gpu": 0.162, // 1
      "other-ane": 0.09202, // 0
      "other-cpu": 0.1147, // 1
    },
    bandwidthShare: {
      "coreml-gpu": 0.5763, // 1
      "coreml-ane": 1.045, // 10
      "foundation-models": 0.8687, // 0
      "core-ai-gpu": 0.7962, // 16
      "core-ai-ane": 0.8024, // 2
      mlc: 0.5627, // 3
      mlx: 0.869, // 29
      "mlx-lm": 0.8319, // 18
      "mlx-vlm": 0.6404, // 12
      "vllm-mlx": 0.8863, // 10
      "rapid-mlx": 0.9313, // 16
      "llama.cpp": 0.8412, // 53
      "llama-server": 0.8925, // 28
      ollama: 0.6919, // 10
      "litert-gpu": 0.7153, // 16
      "litert-cpu": 0.4764, // 3
      "executorch-cpu": 0.5344, // 5
      "other-gpu": 0.5735, // 1
      "other-ane": 0.8687, // 0
      "other-cpu": 0.5536, // 1
    },
    computeFactor: {
      "coreml-gpu": 1.054, // 1
      "coreml-ane": 1, // 10
      "foundation-models": 1, // 0
      "core-ai-gpu": 1.199, // 16
      "core-ai-ane": 1, // 2
      mlc: 1.054, // 3
      mlx: 1.161, // 29
      "mlx-lm": 1.002, // 18
      "mlx-vlm": 0.9456, // 12
      "vllm-mlx": 0.9746, // 10
      "rapid-mlx": 0.8939, // 16
      "llama.cpp": 1.103, // 53
      "llama-server": 1.078, // 28
      ollama: 1.078, // 10
      "litert-gpu": 1.054, // 16
      "litert-cpu": 0.4637, // 3
      "executorch-cpu": 0.3405, // 5
      "other-gpu": 1.054, // 1
      "other-ane": 1, // 0
      "other-cpu": 0.2982, // 1
    },
    promptSteps: {
      "coreml-gpu": 1.078, // 1
      "coreml-ane": 1, // 10
      "foundation-models": 1, // 0
      "core-ai-gpu": 1.328, // 16
      "core-ai-ane": 1, // 2
      mlc: 1.078, // 3
      mlx: 1.121, // 29
      "mlx-lm": 1.128, // 18
      "mlx-vlm": 1.017, // 12
      "vllm-mlx": 1.171, // 10
      "rapid-mlx": 1.327, // 16
      "llama.cpp": 0.9529, // 53
      "llama-server": 1.034, // 28
      ollama: 1.034, // 10
      "litert-gpu": 1.078, // 16
      "litert-cpu": 1.005, // 3
      "executorch-cpu": 1.003, // 5
      "other-gpu": 1.078, // 1
      "other-ane": 1, // 0
      "other-cpu": 1.009, // 1
    },
    layerFactor: {
      iphone: 0.7735,
      "mac-base": 1.228,
      "mac-pro": 1.185,
      "mac-max": 1.172,
      "mac-ultra": 0.9212,
      android: 1.193,
    },
    expertLayerMs: 0.08372,
    bandwidthFactor: {
      iphone: 0.9574,
      "mac-base": 1.024,
      "mac-pro": 1.06,
      "mac-max": 1.044,
      "mac-ultra": 0.8942,
      android: 1.029,
    },
    cacheShare: 0.8306,
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
      "mac-base": 0.9593,
      "mac-pro": 1.035,
      "mac-max": 0.9656,
      "mac-ultra": 1.091,
      android: 1,
    },
    expertComputeFactor: 0.736,
    attentionOperations: 1.442,
  },
  decodeSpread: {
    "coreml-gpu": 1.35, // 1
    "coreml-ane": 1.208, // 10
    "foundation-models": 1.225, // 0
    "core-ai-gpu": 1.369, // 16
    "core-ai-ane": 1.606, // 2
    mlc: 1.476, // 3
    mlx: 1.254, // 29
    "mlx-lm": 1.134, // 18
    "mlx-vlm": 1.657, // 12
    "vllm-mlx": 1.227, // 10
    "rapid-mlx": 1.346, // 16
    "llama.cpp": 1.125, // 53
    "llama-server": 1.162, // 28
    ollama: 1.349, // 10
    "litert-gpu": 1.437, // 16
    "litert-cpu": 1.46, // 3
    "executorch-cpu": 1.693, // 5
    "other-gpu": 1.494, // 1
    "other-ane": 1.225, // 0
    "other-cpu": 1.502, // 1
  },
  decodeWidening: {
    iphone: 1.228,
    "mac-base": 0.9992,
    "mac-pro": 0.5157,
    "mac-max": 0.9125,
    "mac-ultra": 1.181,
    android: 1.591,
  },
  prefillSpread: {
    "coreml-gpu": 1.261, // 1
    "coreml-ane": 3, // 10
    "foundation-models": 3, // 0
    "core-ai-gpu": 1.145, // 16
    "core-ai-ane": 3, // 2
    mlc: 1.261, // 3
    mlx: 1.358, // 29
    "mlx-lm": 1.261, // 18
    "mlx-vlm": 1.175, // 12
    "vllm-mlx": 1.187, // 10
    "rapid-mlx": 1.389, // 16
    "llama.cpp": 1.225, // 53
    "llama-server": 1.261, // 28
    ollama: 1.261, // 10
    "litert-gpu": 1.261, // 16
    "litert-cpu": 1.752, // 3
    "executorch-cpu": 1.728, // 5
    "other-gpu": 1.261, // 1
    "other-ane": 3, // 0
    "other-cpu": 1.594, // 1
  },
  prefillWidening: {
    iphone: 2,
    "mac-base": 0.8174,
    "mac-pro": 0.8796,
    "mac-max": 1.06,
    "mac-ultra": 1.023,
    android: 2,
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
