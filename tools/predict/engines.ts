import type { EngineId } from "../../packages/plan/src/speed/engines.ts";

const GGUF = /\b(ud-)?i?q\d(_|\b)/i;

/**
 * Maps the name of an engine in a table to ours. Versions behind the name do not matter; Ollama and LM Studio run MLX when the
 * quantization is not one of GGUF's; a name that is not known gives the pooled engine of its processor.
 */
export function findEngine(name: string, computeUnit: string, quant: string): EngineId {
  const plain = name.toLowerCase();
  const unit = computeUnit.toLowerCase();
  const processor = unit.includes("ane") ? "ane" : unit.includes("cpu") ? "cpu" : "gpu";
  if (/^foundation-?models|^apple fm/.test(plain)) return "foundation-models";
  if (/^core-?ml/.test(plain)) return processor === "gpu" && unit !== "" ? "coreml-gpu" : "coreml-ane";
  if (/^core-?ai/.test(plain)) return processor === "ane" ? "core-ai-ane" : "core-ai-gpu";
  if (/^mlc|^web-?llm/.test(plain)) return "mlc";
  if (/^litert|^mediapipe/.test(plain)) return processor === "cpu" ? "litert-cpu" : "litert-gpu";
  if (/^executorch/.test(plain)) return processor === "gpu" && unit !== "" ? "other-gpu" : "executorch-cpu";
  if (/^ollama|^lm-?studio/.test(plain)) {
    if (GGUF.test(quant) || quant === "") return "ollama";
    return "mlx-lm";
  }
  if (processor === "cpu") return "other-cpu";
  if (/^llama-?server/.test(plain)) return "llama-server";
  if (/^llama/.test(plain)) return "llama.cpp";
  if (/vllm/.test(plain)) return "vllm-mlx";
  if (/^rapid-?mlx/.test(plain)) return "rapid-mlx";
  if (/^mlx-?vlm/.test(plain)) return "mlx-vlm";
  if (/^mlx-?lm/.test(plain)) return "mlx-lm";
  if (/mlx/.test(plain)) return "mlx";
  if (/^cactus/.test(plain)) return "other-cpu";
  return processor === "ane" ? "other-ane" : "other-gpu";
}
