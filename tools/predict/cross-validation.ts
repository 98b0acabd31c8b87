import type { Coefficients } from "../../packages/plan/src/speed/cost-model.ts";
import { decodeRate, fitDecode, fitPrefill, type Measured, prefillRate } from "./fit-rows.ts";
import type { ResolvedRow } from "./resolve.ts";
import { seededRandom } from "./statistics.ts";

/** A published rate and what a fit that had not seen it says. */
export interface HeldOut {
  readonly resolved: ResolvedRow;
  readonly measured: number;
  readonly predicted: number;
}

/** Fits on some rows and predicts others. */
export type Judge = (train: readonly Measured[], test: readonly Measured[]) => HeldOut[];

export const judgeDecode: Judge = (train, test) => predictAll(test, decodeRate, fitDecode(train));

/** Judges prefill; the decoding steps in its formula come from a fit of decode rates, of which it uses only the scale. */
export function judgePrefill(decode: Coefficients): Judge {
  return (train, test) => predictAll(test, prefillRate, fitPrefill(train, decode));
}

/** Predictions of one fit. */
export function predictAll(
  rows: readonly Measured[],
  predict: (row: ResolvedRow, coefficients: Coefficients) => number,
  coefficients: Coefficients,
): HeldOut[] {
  return rows.map(({ resolved, rate }) => ({
    resolved,
    measured: rate,
    predicted: predict(resolved, coefficients),
  }));
}

/** Leaves each group out once. */
export function leaveOut(
  rows: readonly Measured[],
  judge: Judge,
  keyOf: (row: ResolvedRow) => string,
): HeldOut[] {
  const keys = new Set(rows.map(({ resolved }) => keyOf(resolved)));
  return [...keys].flatMap((key) => {
    const isIn = ({ resolved }: Measured) => keyOf(resolved) === key;
    return judge(
      rows.filter((row) => !isIn(row)),
      rows.filter(isIn),
    );
  });
}

/** Fits one half of the rows and predicts the other, several times. */
export function randomHalves(rows: readonly Measured[], judge: Judge, times: number): HeldOut[] {
  const random = seededRandom(20261127);
  return Array.from({ length: times }).flatMap(() => {
    const isTrain = rows.map(() => random() < 0.5);
    return judge(
      rows.filter((_, i) => isTrain[i]),
      rows.filter((_, i) => !isTrain[i]),
    );
  });
}

/** Splits groups over so many folds and leaves each fold out once: cheaper than leaving out each group. */
export function leaveFoldsOut(
  rows: readonly Measured[],
  judge: Judge,
  keyOf: (row: ResolvedRow) => string,
): HeldOut[] {
  const folds = 8;
  const random = seededRandom(7);
  const foldOf = new Map<string, string>();
  for (const { resolved } of rows) {
    const key = keyOf(resolved);
    if (!foldOf.has(key)) foldOf.set(key, String(Math.floor(random() * folds)));
  }
  return leaveOut(rows, judge, (resolved) => foldOf.get(keyOf(resolved)) as string);
}
