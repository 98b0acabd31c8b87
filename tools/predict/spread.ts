import type { FittedSpeed } from "../../packages/plan/src/speed/cost-model.ts";
import { ENGINE_IDS, type EngineId } from "../../packages/plan/src/speed/engines.ts";
import type { HeldOut } from "./cross-validation.ts";
import { quantile } from "./statistics.ts";

/** Part of the measurements that a range is to cover. */
export const COVERED = 0.8;

/** Measurements of all engines that stand in for those an engine lacks. */
const BORROWED = 10;

/**
 * How far held-out measurements were from the prediction, as a factor that four in five do not pass; an engine with few of them
 * borrows from all.
 */
export function spreadOf(heldOut: readonly HeldOut[]): FittedSpeed["decodeSpread"] {
  const distance = ({ predicted, measured }: HeldOut) => Math.abs(Math.log(predicted / measured));
  const all = quantile(heldOut.map(distance), COVERED);
  const spread = (id: EngineId): number => {
    const own = heldOut.filter(({ resolved }) => resolved.engine === id);
    if (own.length === 0) return Math.exp(all);
    const borrowed =
      (own.length * quantile(own.map(distance), COVERED) + BORROWED * all) / (own.length + BORROWED);
    return Math.exp(borrowed);
  };
  // All engine ids are listed, so the record is complete.
  return Object.fromEntries(ENGINE_IDS.map((id) => [id, spread(id)])) as FittedSpeed["decodeSpread"];
}
