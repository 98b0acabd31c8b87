import type { Chip, ChipClass, GpuGeneration } from "../chips.ts";
import { ENGINES, type EngineId } from "./engines.ts";
import type { Range, SpeedQuery, Work } from "./query.ts";

type PerEngine = Readonly<Record<EngineId, number>>;
type PerClass = Readonly<Record<ChipClass, number>>;

/** The numbers of the formulas; `npm run predict:fit` finds them. Their meaning is in docs/speed-prediction.md. */
export interface Coefficients {
  /** Time of one token whatever the model: sampling, reading the answer back, the engine's own loop. */
  readonly tokenMs: PerEngine;
  /** Time of one layer and token that does not depend on its size: launching kernels, waiting, norms. */
  readonly layerMs: PerEngine;
  /** The same on the GPU of a class of chip, relative to others. */
  readonly layerFactor: PerClass;
  /** Further time of a layer that chooses experts. */
  readonly expertLayerMs: number;
  /** Part of the peak bandwidth at which weights are read. */
  readonly bandwidthShare: PerEngine;
  readonly bandwidthFactor: PerClass;
  /** The same for the KV cache, relative to the weights. */
  readonly cacheShare: number;
  /** Useful billions of operations per second and core, of the GPU's generation and of the engine relative to it. */
  readonly coreGigaflops: Readonly<Record<GpuGeneration, number>>;
  readonly computeFactor: PerEngine;
  readonly computeClassFactor: PerClass;
  /** Models with experts multiply at this part of the rate: their matrices are small and chosen token by token. */
  readonly expertComputeFactor: number;
  /** Operations of attention for each byte of cache and token of prompt, at the rate of the weights' operations. */
  readonly attentionOperations: number;
  /** Time of a prompt that does not depend on its length, in decoding steps. */
  readonly promptSteps: PerEngine;
}

/** What a fit gives beside the formulas' numbers. */
export interface FittedSpeed {
  readonly coefficients: Coefficients;
  /** A measurement lies within mid ÷ spread … mid × spread four times in five; a class of chip raises it to its widening. */
  readonly decodeSpread: PerEngine;
  readonly decodeWidening: PerClass;
  readonly prefillSpread: PerEngine;
  readonly prefillWidening: PerClass;
  /** Part of the peak bandwidth that a hot phone keeps up: heat limits the bytes that it moves. */
  readonly sustainedShare: Range;
  /** Measurements behind the decode figures, by engine, then by class of chip. */
  readonly measurements: Readonly<Partial<Record<EngineId, Readonly<Partial<Record<ChipClass, number>>>>>>;
}

/** The parts of a decoded token's time, milliseconds. */
export interface DecodeTime {
  readonly tokenMs: number;
  readonly layersMs: number;
  readonly weightsMs: number;
  readonly cacheMs: number;
}

/** What a formula needs besides the model. */
export interface Target {
  readonly chip: Chip;
  readonly engine: EngineId;
  readonly coefficients: Coefficients;
}

/** Bandwidth that the engine's part of the chip can draw, 10⁹ bytes per second. */
export function peakBandwidth(chip: Chip, engine: EngineId): number {
  const whole = chip.bandwidth.gigabytesPerSecond;
  if (ENGINES[engine].processor !== "ane") return whole;
  return Math.min(whole, chip.neuralEngineGigabytesPerSecond ?? usualNeuralEngineBandwidth(chip));
}

/** Time of one token: a fixed part, one for each layer, then the weights and the cache through the memory. */
export function decodeTime(
  work: Work,
  contextTokens: number,
  { chip, engine, coefficients }: Target,
): DecodeTime {
  const c = coefficients;
  const bytesPerMs = peakBandwidth(chip, engine) * 1e6 * reachedShare(chip, engine, c);
  const layerMs = c.layerMs[engine] * work.layers + c.expertLayerMs * (work.expertLayers ?? 0);
  const layerFactor = ENGINES[engine].processor === "gpu" ? c.layerFactor[chip.class] : 1;
  return {
    tokenMs: c.tokenMs[engine],
    layersMs: layerMs * layerFactor,
    weightsMs: work.weightBytes / bytesPerMs,
    cacheMs: (work.cacheBytesPerToken * contextTokens) / (bytesPerMs * c.cacheShare),
  };
}

/** Part of the peak bandwidth that the engine reaches on the chip, at most all of it. */
export function reachedShare(
  chip: Chip,
  engine: EngineId,
  { bandwidthShare, bandwidthFactor }: Coefficients,
): number {
  return Math.min(1, bandwidthShare[engine] * bandwidthFactor[chip.class]);
}

/** Sum of a token's parts. */
export function totalMs({ tokenMs, layersMs, weightsMs, cacheMs }: DecodeTime): number {
  return tokenMs + layersMs + weightsMs + cacheMs;
}

/**
 * Time of a whole prompt: some steps' worth of fixed time, two operations for each weight and token, and attention. Its operations were
 * fitted to prompts of which a token sees half on average; `promptSeesTokens` is another number than that.
 */
export function prefillMs(
  work: Work,
  promptTokens: number,
  target: Target & Pick<SpeedQuery, "promptSeesTokens">,
): number {
  const { chip, engine, coefficients: c, promptSeesTokens: seen = promptTokens / 2 } = target;
  const experts = (work.expertLayers ?? 0) > 0 ? c.expertComputeFactor : 1;
  const gigaflops =
    experts *
    (chip.gpuCores ?? usualGpuCores(chip)) *
    c.coreGigaflops[chip.gpuGeneration] *
    c.computeFactor[engine] *
    c.computeClassFactor[chip.class];
  const step = decodeTime(work, seen, target);
  const attention = c.attentionOperations * work.cacheBytesPerToken * (2 * promptTokens * seen);
  const operations = 2 * work.parameters * promptTokens + attention;
  return c.promptSteps[engine] * totalMs(step) + operations / (gigaflops * 1e6);
}

/**
 * Neural engines that nobody measured are taken to draw what those of the same generation's Macs do: anemll-bench has 55 to 70 GB/s
 * for base chips, and twice that for Pro and Max chips since M3 Max.
 */
function usualNeuralEngineBandwidth(chip: Chip): number {
  const isLarge = chip.class === "mac-max" || chip.class === "mac-ultra" || chip.class === "mac-pro";
  switch (chip.gpuGeneration) {
    case "apple9":
      return isLarge ? 120 : 63;
    case "apple9-m4":
      return isLarge ? 120 : 64;
    case "apple10":
      return isLarge ? 130 : 70;
    default:
      return 60;
  }
}

/** Cores of a GPU that its maker does not count: Apple's usual number for the class; for others a stand-in. */
function usualGpuCores(chip: Chip): number {
  const cores: Readonly<Record<ChipClass, number>> = {
    iphone: 6,
    "mac-base": 10,
    "mac-pro": 20,
    "mac-max": 40,
    "mac-ultra": 80,
    android: 6,
  };
  return cores[chip.class];
}
