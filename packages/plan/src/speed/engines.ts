/** Part of the chip that an engine computes on. */
export type Processor = "gpu" | "ane" | "cpu";

/** Engines whose costs were measured or that Pippin makes packages for; "other-…" stands for all the rest. */
export type EngineId =
  | "coreml-gpu"
  | "coreml-ane"
  | "foundation-models"
  | "core-ai-gpu"
  | "core-ai-ane"
  | "mlc"
  | "mlx"
  | "mlx-lm"
  | "mlx-vlm"
  | "vllm-mlx"
  | "rapid-mlx"
  | "llama.cpp"
  | "llama-server"
  | "ollama"
  | "litert-gpu"
  | "litert-cpu"
  | "executorch-cpu"
  | "other-gpu"
  | "other-ane"
  | "other-cpu";

/** How engines share what was measured: those of a family resemble each other, families on a processor less so. */
export interface EngineKind {
  readonly processor: Processor;
  readonly family: string;
}

/** Kind of each engine. Servers are engines of their own: their rates include the time of the endpoint. */
export const ENGINES: Readonly<Record<EngineId, EngineKind>> = {
  "coreml-gpu": { processor: "gpu", family: "coreml" },
  "coreml-ane": { processor: "ane", family: "coreml" },
  "foundation-models": { processor: "ane", family: "apple" },
  "core-ai-gpu": { processor: "gpu", family: "core-ai" },
  "core-ai-ane": { processor: "ane", family: "core-ai" },
  mlc: { processor: "gpu", family: "mlc" },
  mlx: { processor: "gpu", family: "mlx" },
  "mlx-lm": { processor: "gpu", family: "mlx" },
  "mlx-vlm": { processor: "gpu", family: "mlx" },
  "vllm-mlx": { processor: "gpu", family: "mlx" },
  "rapid-mlx": { processor: "gpu", family: "mlx" },
  "llama.cpp": { processor: "gpu", family: "llama.cpp" },
  "llama-server": { processor: "gpu", family: "llama.cpp" },
  ollama: { processor: "gpu", family: "llama.cpp" },
  "litert-gpu": { processor: "gpu", family: "litert" },
  "litert-cpu": { processor: "cpu", family: "litert" },
  "executorch-cpu": { processor: "cpu", family: "executorch" },
  "other-gpu": { processor: "gpu", family: "other" },
  "other-ane": { processor: "ane", family: "other" },
  "other-cpu": { processor: "cpu", family: "other" },
};

/** All engines, in the table's order. */
export const ENGINE_IDS: readonly EngineId[] = Object.keys(ENGINES) as EngineId[];
