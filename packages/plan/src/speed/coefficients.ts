// Made by `npm run predict:fit -- FILE.csv --write`; do not edit.
import type { FittedSpeed } from "./cost-model.ts";

/** The fit of docs/speed-prediction.md. The comments count the decode measurements of the engine behind a number. */
export const FITTED: FittedSpeed = {
  coefficients: {
    layerMs: {
      "coreml-gpu": 0.4063, // 1 measurements
      "coreml-ane": 0.573, // 10 measurements
      "foundation-models": 0.2917, // 0 measurements
      "core-ai-gpu": 0.04472, // 16 measurements
      "core-ai-ane": 0.1208, // 2 measurements
      mlc: 0.4122, // 3 measurements
      mlx: 0.04877, // 29 measurements
      "mlx-lm": 0.1114, // 18 measurements
      "mlx-vlm": 0.3514, // 12 measurements
      "vllm-mlx": 0.06245, // 10 measurements
      "rapid-mlx": 0.1235, // 16 measurements
      "llama.cpp": 0.1487, // 53 measurements
      "llama-server": 0.1768, // 28 measurements
      ollama: 0.1411, // 10 measurements
      "litert-gpu": 0.1517, // 16 measurements
      "litert-cpu": 0.156, // 3 measurements
      "executorch-cpu": 0.1508, // 5 measurements
      "other-gpu": 0.4906, // 1 measurements
      "other-ane": 0.2917, // 0 measurements
      "other-cpu": 0.1231, // 1 measurements
    },
    bandwidthShare: {
      "coreml-gpu": 0.6661, // 1 measurements
      "coreml-ane": 0.9991, // 10 measurements
      "foundation-models": 0.8413, // 0 measurements
      "core-ai-gpu": 0.7932, // 16 measurements
      "core-ai-ane": 0.8393, // 2 measurements
      mlc: 0.6327, // 3 measurements
      mlx: 0.8789, // 29 measurements
      "mlx-lm": 0.8407, // 18 measurements
      "mlx-vlm": 0.6784, // 12 measurements
      "vllm-mlx": 0.8924, // 10 measurements
      "rapid-mlx": 0.9368, // 16 measurements
      "llama.cpp": 0.8404, // 53 measurements
      "llama-server": 0.9005, // 28 measurements
      ollama: 0.7022, // 10 measurements
      "litert-gpu": 0.7283, // 16 measurements
      "litert-cpu": 0.4746, // 3 measurements
      "executorch-cpu": 0.5436, // 5 measurements
      "other-gpu": 0.654, // 1 measurements
      "other-ane": 0.8413, // 0 measurements
      "other-cpu": 0.5334, // 1 measurements
    },
    computeFactor: {
      "coreml-gpu": 1.026, // 1 measurements
      "coreml-ane": 1, // 10 measurements
      "foundation-models": 1, // 0 measurements
      "core-ai-gpu": 1.249, // 16 measurements
      "core-ai-ane": 1, // 2 measurements
      mlc: 1.026, // 3 measurements
      mlx: 0.9558, // 29 measurements
      "mlx-lm": 0.9359, // 18 measurements
      "mlx-vlm": 0.8597, // 12 measurements
      "vllm-mlx": 0.7646, // 10 measurements
      "rapid-mlx": 1.114, // 16 measurements
      "llama.cpp": 1.051, // 53 measurements
      "llama-server": 1.038, // 28 measurements
      ollama: 1.038, // 10 measurements
      "litert-gpu": 1.026, // 16 measurements
      "litert-cpu": 0.4677, // 3 measurements
      "executorch-cpu": 0.3368, // 5 measurements
      "other-gpu": 1.026, // 1 measurements
      "other-ane": 1, // 0 measurements
      "other-cpu": 0.2848, // 1 measurements
    },
    promptSteps: {
      "coreml-gpu": 1.627, // 1 measurements
      "coreml-ane": 1, // 10 measurements
      "foundation-models": 1, // 0 measurements
      "core-ai-gpu": 3.429, // 16 measurements
      "core-ai-ane": 1, // 2 measurements
      mlc: 1.627, // 3 measurements
      mlx: 2.936, // 29 measurements
      "mlx-lm": 2.869, // 18 measurements
      "mlx-vlm": 4.26, // 12 measurements
      "vllm-mlx": 3.859, // 10 measurements
      "rapid-mlx": 4.264, // 16 measurements
      "llama.cpp": 0.6087, // 53 measurements
      "llama-server": 1.167, // 28 measurements
      ollama: 1.167, // 10 measurements
      "litert-gpu": 1.627, // 16 measurements
      "litert-cpu": 1.005, // 3 measurements
      "executorch-cpu": 1.003, // 5 measurements
      "other-gpu": 1.627, // 1 measurements
      "other-ane": 1, // 0 measurements
      "other-cpu": 1.012, // 1 measurements
    },
    layerFactor: {
      iphone: 0.6877,
      "mac-base": 1.252,
      "mac-pro": 1.109,
      "mac-max": 1.056,
      "mac-ultra": 0.8566,
      android: 1.719,
    },
    expertLayerMs: 0.09012,
    bandwidthFactor: {
      iphone: 0.9334,
      "mac-base": 1.046,
      "mac-pro": 1.067,
      "mac-max": 1.045,
      "mac-ultra": 0.9011,
      android: 1.054,
    },
    cacheShare: 0.8241,
    coreGigaflops: {
      apple6: 230,
      apple7: 208.1,
      apple8: 222.8,
      apple9: 244.9,
      "apple9-m4": 283.8,
      apple10: 230,
      other: 230,
    },
    computeClassFactor: {
      iphone: 1,
      "mac-base": 0.9749,
      "mac-pro": 1.048,
      "mac-max": 0.9898,
      "mac-ultra": 1.025,
      android: 1,
    },
  },
  decodeSpread: {
    "coreml-gpu": 1.352, // 1 measurements
    "coreml-ane": 1.386, // 10 measurements
    "foundation-models": 1.271, // 0 measurements
    "core-ai-gpu": 1.371, // 16 measurements
    "core-ai-ane": 1.807, // 2 measurements
    mlc: 1.44, // 3 measurements
    mlx: 1.223, // 29 measurements
    "mlx-lm": 1.126, // 18 measurements
    "mlx-vlm": 1.731, // 12 measurements
    "vllm-mlx": 1.215, // 10 measurements
    "rapid-mlx": 1.314, // 16 measurements
    "llama.cpp": 1.122, // 53 measurements
    "llama-server": 1.167, // 28 measurements
    ollama: 1.361, // 10 measurements
    "litert-gpu": 1.37, // 16 measurements
    "litert-cpu": 1.264, // 3 measurements
    "executorch-cpu": 1.609, // 5 measurements
    "other-gpu": 1.477, // 1 measurements
    "other-ane": 1.271, // 0 measurements
    "other-cpu": 1.24, // 1 measurements
  },
  prefillSpread: {
    "coreml-gpu": 1.36, // 1 measurements
    "coreml-ane": 1.36, // 10 measurements
    "foundation-models": 1.36, // 0 measurements
    "core-ai-gpu": 1.343, // 16 measurements
    "core-ai-ane": 1.36, // 2 measurements
    mlc: 1.36, // 3 measurements
    mlx: 2.095, // 29 measurements
    "mlx-lm": 1.36, // 18 measurements
    "mlx-vlm": 1.218, // 12 measurements
    "vllm-mlx": 1.339, // 10 measurements
    "rapid-mlx": 1.633, // 16 measurements
    "llama.cpp": 1.238, // 53 measurements
    "llama-server": 1.36, // 28 measurements
    ollama: 1.36, // 10 measurements
    "litert-gpu": 1.36, // 16 measurements
    "litert-cpu": 1.563, // 3 measurements
    "executorch-cpu": 1.36, // 5 measurements
    "other-gpu": 1.36, // 1 measurements
    "other-ane": 1.36, // 0 measurements
    "other-cpu": 1.339, // 1 measurements
  },
  sustained: {
    gpu: {
      low: 0.4,
      mid: 0.5274,
      high: 0.9129,
    },
    ane: {
      low: 0.4,
      mid: 0.7805,
      high: 1,
    },
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
