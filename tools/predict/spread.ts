import type { ChipClass } from "../../packages/plan/src/chips.ts";
import type { FittedSpeed } from "../../packages/plan/src/speed/cost-model.ts";
import { ENGINE_IDS, ENGINES } from "../../packages/plan/src/speed/engines.ts";
import type { HeldOut } from "./cross-validation.ts";
import { CHIP_CLASSES, fromEntries } from "./parameters.ts";
import { quantile } from "./statistics.ts";

/** Part of the measurements that a range is to cover. */
export const COVERED = 0.8;

/** Measurements of all engines, or of all classes, that stand in for those that one of them lacks. */
const BORROWED = 10;

/** Spread where nothing was measured on the processor at all. */
const UNKNOWN = 3;

/** What the spread is raised to on a class of chip without a measurement. */
const UNKNOWN_CLASS = 2;

/** How far predictions of rows that were not fitted are from what was measured. */
export interface Spread {
  readonly byEngine: FittedSpeed["decodeSpread"];
  /** Exponent of the engine's spread on a class of chip. */
  readonly byClass: FittedSpeed["decodeWidening"];
}

/**
 * The factor that four in five held-out measurements do not pass, by engine, and what it is raised to on a class of chip. Engines
 * and classes with few measurements borrow from all.
 */
export function spreadOf(heldOut: readonly HeldOut[]): Spread {
  const byEngine = engineSpread(heldOut);
  const relative = (row: HeldOut) => distance(row) / Math.log(byEngine[row.resolved.engine]);
  const widening = (each: ChipClass): number => {
    const own = heldOut.filter(({ resolved }) => resolved.chip.class === each).map(relative);
    return own.length === 0 ? UNKNOWN_CLASS : pooled(own, 1);
  };
  return { byEngine, byClass: fromEntries(CHIP_CLASSES, widening) };
}

function engineSpread(heldOut: readonly HeldOut[]): Spread["byEngine"] {
  return fromEntries(ENGINE_IDS, (id) => {
    const { processor } = ENGINES[id];
    const near = heldOut.filter(({ resolved }) => ENGINES[resolved.engine].processor === processor);
    if (near.length === 0) return UNKNOWN;
    const own = near.filter(({ resolved }) => resolved.engine === id).map(distance);
    const all = quantile(near.map(distance), COVERED);
    return Math.exp(own.length === 0 ? all : pooled(own, all));
  });
}

function pooled(own: readonly number[], all: number): number {
  return (own.length * quantile(own, COVERED) + BORROWED * all) / (own.length + BORROWED);
}

function distance({ predicted, measured }: HeldOut): number {
  return Math.abs(Math.log(predicted / measured));
}
