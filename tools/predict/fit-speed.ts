import type { ChipClass } from "../../packages/plan/src/chips.ts";
import type { FittedSpeed } from "../../packages/plan/src/speed/cost-model.ts";
import { ENGINES, type EngineId } from "../../packages/plan/src/speed/engines.ts";
import { judgeDecode, judgePrefill, leaveFoldsOut, randomHalves } from "./cross-validation.ts";
import { fitDecode, fitPrefill, type Measured } from "./fit-rows.ts";
import { groupOf } from "./resolve.ts";
import type { Selection } from "./select-rows.ts";
import { spreadOf } from "./spread.ts";
import { median } from "./statistics.ts";

/** Halves that the spread is taken from. */
const HALVES = 6;

/** "Down by 30 to 60 % in ten minutes", as a study of three engines on an iPhone found: it stands for two measurements more. */
const STUDY = [0.4, 0.7];

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
  return {
    coefficients: fitPrefill(prefill, decodeOnly),
    decodeSpread: spreadOf(heldOut),
    prefillSpread: spreadOf(heldOutPrefill),
    sustained: {
      gpu: sustainedShare("gpu", decode, sustained),
      ane: sustainedShare("ane", decode, sustained),
    },
    measurements: countMeasurements(decode),
  };
}

/** What was left of the rate of the same model, engine and device when it was hot. */
function sustainedShare(processor: "gpu" | "ane", cold: readonly Measured[], hot: readonly Measured[]) {
  const shares = [...STUDY];
  for (const { resolved, rate } of hot) {
    if (ENGINES[resolved.engine].processor !== processor) continue;
    const isSame = (other: Measured) =>
      other.resolved.engine === resolved.engine &&
      other.resolved.bits === resolved.bits &&
      groupOf(other.resolved) === groupOf(resolved);
    const before = cold.filter(isSame).map((other) => other.rate);
    if (before.length > 0) shares.push(Math.min(1, rate / median(before)));
  }
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
