import type { RunningSums } from "./partition.ts";

/** Places tried on each side of a bound. */
const REACH = 2;
/** Places tried for a bound. */
export const CHOICES = 2 * REACH + 1;
/** Enough for bounds to walk far; they stop by themselves long before. */
const MAX_PASSES = 64;

/** The definition of `refineBounds`. */
export function plainRefineBounds({ n, s1, s2 }: RunningSums, bounds: Int32Array, steps: Int32Array): void {
  const clusters = bounds.length - 1;
  const from = new Uint8Array((clusters + 1) * CHOICES);
  const places = new Int32Array((clusters + 1) * CHOICES);
  const costs = new Float64Array((clusters + 1) * CHOICES);
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    layOut();
    const moved = step();
    let single = true;
    for (let k = 1; k < clusters; k++) {
      if (steps[k]! > 1) single = false;
      if (!moved) steps[k] = (steps[k]! + 1) >> 1;
    }
    if (single && !moved) return;
  }

  function layOut(): void {
    for (let k = 0; k <= clusters; k++) {
      const fixed = k === 0 || k === clusters;
      for (let c = 0; c < CHOICES; c++) {
        places[k * CHOICES + c] = bounds[k]! + (fixed ? 0 : (c - REACH) * steps[k]!);
      }
    }
  }

  /** Dynamic programming over the choices. @returns whether a bound moved. */
  function step(): boolean {
    costs.fill(0, 0, CHOICES);
    for (let k = 1; k <= clusters; k++) {
      const [first, last] = k === clusters ? [REACH, REACH] : [0, CHOICES - 1];
      for (let c = first; c <= last; c++) choose(k, c);
    }
    let moved = false;
    for (let k = clusters, c = REACH; k > 0; k--) {
      bounds[k] = places[k * CHOICES + c]!;
      moved ||= c !== REACH;
      c = from[k * CHOICES + c]!;
    }
    return moved;
  }

  function choose(k: number, c: number): void {
    const at = k * CHOICES + c;
    const end = places[at]!;
    costs[at] = Number.POSITIVE_INFINITY;
    from[at] = REACH;
    if (end <= 0 || end >= n.length) return;
    const [ne, s1e, s2e] = [n[end]!, s1[end]!, s2[end]!];
    // Staying comes first, so that a tie moves nothing.
    for (let turn = 0; turn < (k === 1 ? 1 : CHOICES); turn++) {
      const d = turn === 0 ? REACH : turn <= REACH ? turn - 1 : turn;
      const j = places[at - c - CHOICES + d]!;
      if (j < 0 || j >= end) continue;
      const d1 = s1e - s1[j]!;
      const cost = costs[at - c - CHOICES + d]! + (s2e - s2[j]!) - (d1 * d1) / (ne - n[j]!);
      if (cost < costs[at]!) {
        costs[at] = cost;
        from[at] = d;
      }
    }
  }
}
