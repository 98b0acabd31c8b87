import type { ChipClass } from "../../packages/plan/src/chips.ts";
import type { FittedSpeed } from "../../packages/plan/src/speed/cost-model.ts";
import type { EngineId } from "../../packages/plan/src/speed/engines.ts";
import type { Range } from "../../packages/plan/src/speed/query.ts";
import { judgeDecode, judgePrefill, leaveFoldsOut, randomHalves } from "./cross-validation.ts";
import { fitDecode, fitPrefill, type Measured } from "./fit-rows.ts";
import { groupOf } from "./resolve.ts";
import type { Selection } from "./select-rows.ts";
import { spreadOf } from "./spread.ts";
import { median } from "./statistics.ts";

/** Halves that the spread is taken from. */
const HALVES = 4;

/** Fits everything that the predictor needs on a table's rows. */
export function fitSpeed({
  decode,
  prefill,
  sustained,
}: Pick<Selection, "decode" | "prefill" | "sustained">): FittedSpeed {
  const decodeOnly = fitDecode(decode);
  const heldOut = [
    ...randomHalves(decode, judgeDecode, HALVES),
    ...leaveFoldsOut(decode, judgeDecode, groupOf),
  ];
  const judge = judgePrefill(decodeOnly);
  const heldOutPrefill = [...randomHalves(prefill, judge, HALVES), ...leaveFoldsOut(prefill, judge, groupOf)];
  const decodeSpread = spreadOf(heldOut);
  const prefillSpread = spreadOf(heldOutPrefill);
  return {
    coefficients: fitPrefill(prefill, decodeOnly),
    decodeSpread: decodeSpread.byEngine,
    decodeWidening: decodeSpread.byClass,
    prefillSpread: prefillSpread.byEngine,
    prefillWidening: prefillSpread.byClass,
    sustainedShare: sustainedShare(decode, sustained),
    measurements: countMeasurements(decode),
  };
}

/** Above this part of the cold rate a phone counts as not slowed by heat. */
const NOT_SLOWED = 0.93;

/** Bandwidth, as a part of the chip's peak, at which phones decoded that were slower hot than cold. */
function sustainedShare(cold: readonly Measured[], hot: readonly Measured[]): Range {
  const slowed = hot.filter(({ resolved, rate }) => {
    const isSame = (other: Measured) =>
      other.resolved.engine === resolved.engine &&
      other.resolved.bits === resolved.bits &&
      groupOf(other.resolved) === groupOf(resolved);
    const before = cold.filter(isSame).map((other) => other.rate);
    return before.length === 0 || rate < NOT_SLOWED * median(before);
  });
  const shares = slowed.map(
    ({ resolved: { work, chip }, rate }) =>
      (rate * work.weightBytes) / 1e9 / chip.bandwidth.gigabytesPerSecond,
  );
  if (shares.length === 0) return { low: 1, mid: 1, high: 1 };
  return { low: Math.min(...shares), mid: median(shares), high: Math.max(...shares) };
}

function countMeasurements(rows: readonly Measured[]): FittedSpeed["measurements"] {
  const counts: Partial<Record<EngineId, Partial<Record<ChipClass, number>>>> = {};
  for (const { resolved } of rows) {
    const ofEngine = counts[resolved.engine] ?? {};
    ofEngine[resolved.chip.class] = (ofEngine[resolved.chip.class] ?? 0) + 1;
    counts[resolved.engine] = ofEngine;
  }
  return counts;
}
