/** Squared error of a last cluster from place `j` to the end, and of all before it. */
@inline
function costAt(j: usize, n: usize, s1: usize, s2: usize, before: usize, ne: f64, s1e: f64, s2e: f64): f64 {
  const d1 = s1e - load<f64>(s1 + j);
  return load<f64>(before + j) + (s2e - load<f64>(s2 + j)) - (d1 * d1) / (ne - load<f64>(n + j));
}

/**
 * Costs of one end whose last cluster begins at one of the places `from` to `to`; the first of the cheapest begins
 * wins. Two places at a time; the last two may repeat one, which changes nothing. @returns the begin.
 */
@inline
function cheapestBegin(
  end: usize,
  from: i32,
  to: i32,
  n: usize,
  s1: usize,
  s2: usize,
  before: usize,
  costs: usize,
): i32 {
  const ne = load<f64>(n + (end << 3));
  const s1e = load<f64>(s1 + (end << 3));
  const s2e = load<f64>(s2 + (end << 3));
  if (from == to) {
    store<f64>(costs + (end << 3), costAt(<usize>from << 3, n, s1, s2, before, ne, s1e, s2e));
    return from;
  }
  const nes = f64x2.splat(ne);
  const s1es = f64x2.splat(s1e);
  const s2es = f64x2.splat(s2e);
  let least = f64x2.splat(Infinity);
  let best = i64x2.splat(0);
  const last = to - 1;
  for (let j = from; ; j = min(j + 2, last)) {
    const at = <usize>j << 3;
    const d1 = f64x2.sub(s1es, v128.load(s1 + at));
    const rest = f64x2.add(v128.load(before + at), f64x2.sub(s2es, v128.load(s2 + at)));
    const cost = f64x2.sub(rest, f64x2.div(f64x2.mul(d1, d1), f64x2.sub(nes, v128.load(n + at))));
    const less = f64x2.lt(cost, least);
    least = v128.bitselect(cost, least, less);
    best = v128.bitselect(i64x2.splat(j), best, less);
    if (j == last) break;
  }
  // Which lane wins is a toss-up, so no branches.
  best = i64x2.add(best, i64x2(0, 1));
  const otherLeast = v128.shuffle<f64>(least, least, 1, 0);
  const otherBest = v128.shuffle<i64>(best, best, 1, 0);
  const earlier = v128.and(f64x2.eq(otherLeast, least), i64x2.lt_s(otherBest, best));
  const other = v128.or(f64x2.lt(otherLeast, least), earlier);
  v128.store64_lane(costs + (end << 3), v128.bitselect(otherLeast, least, other), 0);
  return <i32>i64x2.extract_lane(v128.bitselect(otherBest, best, other), 0);
}

/** Fills layer `k`: the ends in the middle first, so that those beside them have fewer begins to try. */
function fillLayer(
  k: usize,
  low: usize,
  high: usize,
  n: usize,
  s1: usize,
  s2: usize,
  row: usize,
  previousRow: usize,
  before: usize,
  costs: usize,
): void {
  const origin = load<i32>(low + (k << 2)) - 1;
  const count = load<i32>(high + (k << 2)) - origin;
  const first = load<i32>(low + ((k - 1) << 2));
  const last = load<i32>(high + ((k - 1) << 2));
  for (let stride = 1 << (31 - clz(count)); stride > 0; stride >>= 1) {
    for (let t = stride; t <= count; t += 2 * stride) {
      const end = origin + t;
      let from = t > stride ? <i32>load<u16>(row + (<usize>(end - stride) << 1)) : first;
      let to = t + stride <= count ? <i32>load<u16>(row + (<usize>(end + stride) << 1)) : last;
      to = min(to, end - 1);
      if (k > 2 && end <= last) from = max(from, <i32>load<u16>(previousRow + (<usize>end << 1)));
      const begin = cheapestBegin(<usize>end, min(from, to), to, n, s1, s2, before, costs);
      store<u16>(row + (<usize>end << 1), <u16>begin);
    }
  }
}

/**
 * The layers of the best partition into `clusters` runs; see src/plain/partition.ts. Sums (F64) and windows (I32) are
 * as there; `starts` (I32) says where the layers' elements lie in `begins` (U16).
 *
 * @param before, costs - F64, one more than places.
 * @returns the squared error.
 */
export function best_partition(
  n: usize,
  s1: usize,
  s2: usize,
  clusters: i32,
  low: usize,
  high: usize,
  starts: usize,
  begins: usize,
  before: usize,
  costs: usize,
): f64 {
  const s10 = load<f64>(s1);
  const s20 = load<f64>(s2);
  const n0 = load<f64>(n);
  for (let i = <usize>load<i32>(low, 4), end = <usize>load<i32>(high, 4); i <= end; i++) {
    const d1 = load<f64>(s1 + (i << 3)) - s10;
    const cost = load<f64>(s2 + (i << 3)) - s20 - (d1 * d1) / (load<f64>(n + (i << 3)) - n0);
    store<f64>(costs + (i << 3), cost);
  }
  for (let k: usize = 2; k <= <usize>clusters; k++) {
    const swap = before;
    before = costs;
    costs = swap;
    const row = begins + (<usize>load<i32>(starts + (k << 2)) << 1);
    const previousRow = begins + (<usize>load<i32>(starts + ((k - 1) << 2)) << 1);
    fillLayer(k, low, high, n, s1, s2, row, previousRow, before, costs);
  }
  return load<f64>(costs + (<usize>load<i32>(high + (<usize>clusters << 2)) << 3));
}
