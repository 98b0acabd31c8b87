import { type Chip, findChip } from "../chips.ts";
import { FITTED } from "./coefficients.ts";
import {
  type DecodeTime,
  decodeTime,
  type FittedSpeed,
  peakBandwidth,
  prefillMs,
  reachedShare,
  totalMs,
} from "./cost-model.ts";
import { ENGINES, type EngineId } from "./engines.ts";
import type { Range, SpeedPrediction, SpeedQuery } from "./query.ts";

export type { EngineId } from "./engines.ts";
export type { Range, SpeedPrediction, SpeedQuery, Work } from "./query.ts";

/** An engine with fewer measurements than this, on any chip, is extrapolated to. */
const ENOUGH_OF_ENGINE = 8;

/** And so is a class of chips on which the engine's family was measured fewer times than this. */
const ENOUGH_ON_CLASS = 2;

/** Ranges of extrapolated predictions are this much wider; held-out engines and classes decided it. */
const EXTRAPOLATED_WIDENING = 1.3;

/**
 * Predicts how fast a model decodes and prefills, from its bytes and operations and from what is published of the chip.
 *
 * The formulas, where their numbers come from and how far they were off on measurements that they had not seen are in
 * docs/speed-prediction.md.
 *
 * @returns undefined when nothing is known of the chip.
 */
export function predictSpeed(query: SpeedQuery): SpeedPrediction | undefined {
  const chip = findChip(query.chip);
  return chip === undefined ? undefined : predictOn(chip, query, FITTED);
}

/** The same for a chip's facts and the numbers of a fit. */
export function predictOn(chip: Chip, query: Omit<SpeedQuery, "chip">, fitted: FittedSpeed): SpeedPrediction {
  const { work, engine, contextTokens, promptTokens, promptSeesTokens } = query;
  const target = { chip, engine, coefficients: fitted.coefficients };
  const basis = basisOf(chip, engine, fitted);
  const widening = basis === "calibrated" ? 1 : EXTRAPOLATED_WIDENING;
  const time = decodeTime(work, contextTokens, target);
  const tokens = Math.max(1, promptTokens);
  const decodeSpread = fitted.decodeSpread[engine] ** (widening * fitted.decodeWidening[chip.class]);
  const prefillSpread = fitted.prefillSpread[engine] ** (widening * fitted.prefillWidening[chip.class]);
  const decode = around(1000 / totalMs(time), decodeSpread);
  const prompt = prefillMs(work, tokens, { ...target, promptSeesTokens });
  return {
    decode,
    prefill: around((1000 * tokens) / prompt, prefillSpread),
    ...(chip.class === "iphone" ? { sustainedDecode: sustained(decode, query, { chip, fitted }) } : {}),
    formula: formulaOf(time, query, { chip, fitted }),
    sources: sourcesOf(chip, engine),
    basis,
  };
}

function around(mid: number, spread: number): Range {
  return { low: mid / spread, mid, high: mid * spread };
}

/** A hot phone moves fewer bytes a second; the ends of both ranges meet. */
function sustained(
  cold: Range,
  { work, contextTokens }: Omit<SpeedQuery, "chip">,
  { chip, fitted }: Ground,
): Range {
  const bytes = work.weightBytes + work.cacheBytesPerToken * contextTokens;
  const limit = (share: number) => (share * chip.bandwidth.gigabytesPerSecond * 1e9) / bytes;
  const { low, mid, high } = fitted.sustainedShare;
  return {
    low: Math.min(cold.low, limit(low)),
    mid: Math.min(cold.mid, limit(mid)),
    high: Math.min(cold.high, Math.max(cold.mid, limit(high))),
  };
}

function basisOf(chip: Chip, engine: EngineId, { measurements }: FittedSpeed): SpeedPrediction["basis"] {
  const ofEngine = Object.values(measurements[engine] ?? {}).reduce((sum, count) => sum + count, 0);
  let onClass = 0;
  for (const [other, counts] of Object.entries(measurements)) {
    const kind = ENGINES[other as EngineId];
    const { family, processor } = ENGINES[engine];
    if (kind.family === family && kind.processor === processor) onClass += counts[chip.class] ?? 0;
  }
  return ofEngine >= ENOUGH_OF_ENGINE && onClass >= ENOUGH_ON_CLASS ? "calibrated" : "extrapolated";
}

interface Ground {
  readonly chip: Chip;
  readonly fitted: FittedSpeed;
}

function formulaOf(
  time: DecodeTime,
  { work, engine }: Omit<SpeedQuery, "chip">,
  { chip, fitted }: Ground,
): string {
  const share = reachedShare(chip, engine, fitted.coefficients);
  const gigabytes = (work.weightBytes / 1e9).toFixed(2);
  const parts = [
    `${time.tokenMs.toFixed(1)} ms`,
    `${time.layersMs.toFixed(1)} ms for ${work.layers} layers`,
    `${time.weightsMs.toFixed(1)} ms for ${gigabytes} GB at ${(100 * share).toFixed(0)} % of ${peakBandwidth(chip, engine)} GB/s`,
    `${time.cacheMs.toFixed(1)} ms for the cache`,
  ];
  return `${parts.join(" + ")} = ${totalMs(time).toFixed(1)} ms a token`;
}

function sourcesOf(chip: Chip, engine: EngineId): string[] {
  const { gigabytesPerSecond, kind, source } = chip.bandwidth;
  const sources = [`${chip.name}: ${gigabytesPerSecond} GB/s (${kind}), ${source}`];
  if (ENGINES[engine].processor !== "ane") return sources;
  const measured = chip.neuralEngineGigabytesPerSecond;
  const text =
    measured === undefined
      ? "not measured; that of similar chips is taken"
      : `${measured} GB/s, anemll-bench`;
  return [...sources, `neural engine: ${text}`];
}
