import { type Chip, findChip } from "../chips.ts";
import type { EngineId, Range, SpeedPrediction, SpeedQuery } from "./query.ts";

interface EngineCosts {
  readonly layerMs: number;
  readonly bandwidthShare: number;
  readonly gigaflopsPerCore: number;
}

const COSTS: Readonly<Record<EngineId, EngineCosts>> = {
  "coreml-gpu": { layerMs: 0.15, bandwidthShare: 0.7, gigaflopsPerCore: 150 },
  "coreml-ane": { layerMs: 0.4, bandwidthShare: 0.8, gigaflopsPerCore: 150 },
  mlc: { layerMs: 0.15, bandwidthShare: 0.7, gigaflopsPerCore: 150 },
  mlx: { layerMs: 0.05, bandwidthShare: 0.87, gigaflopsPerCore: 220 },
  "llama.cpp": { layerMs: 0.15, bandwidthShare: 0.87, gigaflopsPerCore: 220 },
  "core-ai-gpu": { layerMs: 0.05, bandwidthShare: 0.85, gigaflopsPerCore: 220 },
  "core-ai-ane": { layerMs: 0.1, bandwidthShare: 0.8, gigaflopsPerCore: 150 },
  "litert-gpu": { layerMs: 0.12, bandwidthShare: 0.7, gigaflopsPerCore: 150 },
  "generic-gpu": { layerMs: 0.12, bandwidthShare: 0.75, gigaflopsPerCore: 150 },
  "generic-cpu": { layerMs: 0.05, bandwidthShare: 0.4, gigaflopsPerCore: 50 },
};

/** Predicts the speed of a model on a chip; undefined when nothing is known of the chip. */
export function predictSpeed(query: SpeedQuery): SpeedPrediction | undefined {
  const chip = findChip(query.chip);
  if (chip === undefined) return undefined;
  const costs = COSTS[query.engine];
  const bandwidth = bandwidthOf(chip, query.engine);
  const { work } = query;
  const bytes = work.weightBytes + work.cacheBytesPerToken * query.contextTokens;
  const decodeMs = costs.layerMs * work.layers + bytes / (costs.bandwidthShare * bandwidth * 1e6);
  const flops = 2 * work.parameters * query.promptTokens;
  const prefillMs = decodeMs + flops / (costs.gigaflopsPerCore * (chip.gpuCores ?? 6) * 1e6);
  const decode = range(1000 / decodeMs, 1.5);
  return {
    decode,
    prefill: range((1000 * query.promptTokens) / prefillMs, 2),
    ...(chip.class === "iphone"
      ? { sustainedDecode: { low: 0.4 * decode.low, mid: 0.55 * decode.mid, high: 0.7 * decode.high } }
      : {}),
    formula: `${costs.layerMs} ms × ${work.layers} layers + ${bytes} bytes / (${costs.bandwidthShare} × ${bandwidth} GB/s)`,
    sources: [chip.bandwidth.source],
    basis: "extrapolated",
  };
}

function bandwidthOf(chip: Chip, engine: EngineId): number {
  const full = chip.bandwidth.gigabytesPerSecond;
  if (engine !== "coreml-ane" && engine !== "core-ai-ane") return full;
  return Math.min(full, chip.neuralEngineGigabytesPerSecond ?? full);
}

function range(mid: number, factor: number): Range {
  return { low: mid / factor, mid, high: mid * factor };
}
