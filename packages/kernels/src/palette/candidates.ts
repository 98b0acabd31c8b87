import type { DistinctValues } from "../plain/palette.ts";
import type { RunningSums } from "../plain/partition.ts";
import { scratch } from "./scratch.ts";

/** Places between distinct values where a cluster may begin: the bins of a coarse search. */
export interface Candidates {
  /** `[bins + 1]`, ascending: a place is the number of values before it. The first is 0, the last all. */
  readonly places: Int32Array;
  /** Valid until the next search. */
  readonly sums: RunningSums;
}

/**
 * About `limit` bins (up to twice as many) with equal Σ √(n·gap): narrow where many weights lie, yet far-off values get bins of their own. The
 * loss by such a bin, its weights times its width, is then about the same everywhere. All places where they are few.
 */
export function chooseCandidates(distinct: DistinctValues, limit: number): Candidates {
  const places = distinct.values.length <= limit ? allPlaces(distinct) : placesOf(distinct.spread, limit);
  if (places.length === distinct.n.length) return { places, sums: distinct };
  const n = scratch("n", places.length);
  const s1 = scratch("s1", places.length);
  const s2 = scratch("s2", places.length);
  for (let i = 0; i < places.length; i++) {
    const place = places[i]!;
    n[i] = distinct.n[place]!;
    s1[i] = distinct.s1[place]!;
    s2[i] = distinct.s2[place]!;
  }
  return { places, sums: { n, s1, s2 } };
}

function allPlaces({ n }: DistinctValues): Int32Array {
  return Int32Array.from(n, (_, place) => place);
}

function placesOf(spread: Float64Array, limit: number): Int32Array {
  const count = spread.length - 1;
  const step = shareOf(spread, limit);
  const places = new Int32Array(2 * limit + 2);
  let last = 0;
  let filled = 0;
  for (let place = 1; place <= count; place++) {
    const width = spread[place]! - spread[place - 1]!;
    const lone = width >= step;
    if (lone && places[last]! < place - 1) places[++last] = place - 1;
    filled = lone ? 0 : filled + width;
    if (!lone && filled < step && place < count) continue;
    places[++last] = place;
    filled = lone ? 0 : filled - step;
  }
  return places.slice(0, last + 1);
}

/** The share of each of `limit` bins, when each step of `spread` that is larger than that gets a bin of its own. */
export function shareOf(spread: Float64Array, limit: number): number {
  const count = spread.length - 1;
  let step = (spread[count]! - spread[0]!) / limit;
  for (let known = 0, lone = 0; ; known = lone) {
    let rest = 0;
    lone = 0;
    for (let place = 1; place <= count; place++) {
      const width = spread[place]! - spread[place - 1]!;
      if (width < step) rest += width;
      else lone++;
    }
    // The step never grows, since lone values have more than a bin's share, so their number never falls.
    if (lone === known || lone > limit / 2) return step;
    step = rest / (limit - lone);
  }
}

/**
 * At most this much can the best division into runs of whole bins cost more than the best of all.
 *
 * With f(x) the squared distance to the nearest of any centers, f(x) − x² is concave, with a kink of 2·(c' − c)
 * between neighbors. Replacing a bin's values by their mean μ therefore changes Σ f by Σ (x − μ)² less at most
 * (c' − c)·Σ |x − μ| for each kink within the bin. Over all kinks the c' − c add up to the range at most, and
 * Σ |x − μ| ≤ √(Σ n · Σ n·(x − μ)²).
 */
export function coarseLoss({ places, sums: { n, s1, s2 } }: Candidates, range: number): number {
  let worst = 0;
  for (let bin = 1; bin < places.length; bin++) {
    if (places[bin]! - places[bin - 1]! === 1) continue;
    const dn = n[bin]! - n[bin - 1]!;
    const d1 = s1[bin]! - s1[bin - 1]!;
    worst = Math.max(worst, dn * (s2[bin]! - s2[bin - 1]!) - d1 * d1);
  }
  return range * Math.sqrt(worst);
}
