import type { RunningSums } from "../plain/partition.ts";
import { plainRefineBounds } from "../plain/refine.ts";
import { searchHeap } from "./search-heap.ts";

/**
 * Moves all bounds of a partition at once to the best of a few places around each, with steps that halve down to
 * single values, until nothing improves. Changes `bounds` and `steps`; the squared error never grows.
 *
 * @param steps - `[clusters + 1]`: how far each bound tries to move at first.
 */
export function refineBounds(sums: RunningSums, bounds: Int32Array, steps: Int32Array): void {
  if (searchHeap()?.refineBounds(sums, bounds, steps) !== true) plainRefineBounds(sums, bounds, steps);
}
