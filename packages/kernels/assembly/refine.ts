/** As in src/plain/refine.ts. */
const REACH: i32 = 2;
const CHOICES: i32 = 5;
const MAX_PASSES: i32 = 64;

/** The cheapest way to choice `at` of a bound from the choices of the bound before, which are `row` and the next four; `alone`: from the middle one. */
@inline
function choose(
  n: usize,
  s1: usize,
  s2: usize,
  count: i32,
  at: i32,
  row: i32,
  alone: bool,
  places: usize,
  costs: usize,
  from: usize,
): void {
  const end = load<i32>(places + (<usize>at << 2));
  let least: f64 = Infinity;
  let best = REACH;
  if (end > 0 && end <= count) {
    const ne = load<f64>(n + (<usize>end << 3));
    const s1e = load<f64>(s1 + (<usize>end << 3));
    const s2e = load<f64>(s2 + (<usize>end << 3));
    // Staying comes first, so that a tie moves nothing.
    for (let turn = 0, turns = alone ? 1 : CHOICES; turn < turns; turn++) {
      const d = turn == 0 ? REACH : turn <= REACH ? turn - 1 : turn;
      const begin = load<i32>(places + (<usize>(row + d) << 2));
      if (begin < 0 || begin >= end) continue;
      const j = <usize>begin << 3;
      const d1 = s1e - load<f64>(s1 + j);
      const cost =
        load<f64>(costs + (<usize>(row + d) << 3)) + (s2e - load<f64>(s2 + j)) - (d1 * d1) / (ne - load<f64>(n + j));
      if (cost < least) {
        least = cost;
        best = d;
      }
    }
  }
  store<f64>(costs + (<usize>at << 3), least);
  store<u8>(from + <usize>at, <u8>best);
}

/** Tries all choices of all bounds. @returns whether one moved. */
function step(
  n: usize,
  s1: usize,
  s2: usize,
  count: i32,
  clusters: i32,
  bounds: usize,
  steps: usize,
  places: usize,
  costs: usize,
  from: usize,
): bool {
  for (let k = 0; k <= clusters; k++) {
    const bound = load<i32>(bounds + (<usize>k << 2));
    const width = k == 0 || k == clusters ? 0 : load<i32>(steps + (<usize>k << 2));
    for (let c = 0; c < CHOICES; c++) {
      store<i32>(places + (<usize>(k * CHOICES + c) << 2), bound + (c - REACH) * width);
    }
  }
  memory.fill(costs, 0, <usize>(CHOICES << 3));
  for (let k = 1; k <= clusters; k++) {
    const row = (k - 1) * CHOICES;
    const end = k * CHOICES;
    if (k == clusters) choose(n, s1, s2, count, end + REACH, row, k == 1, places, costs, from);
    else for (let c = 0; c < CHOICES; c++) choose(n, s1, s2, count, end + c, row, k == 1, places, costs, from);
  }
  let moved = false;
  for (let k = clusters, c = REACH; k > 0; k--) {
    const at = <usize>(k * CHOICES + c);
    store<i32>(bounds + (<usize>k << 2), load<i32>(places + (at << 2)));
    moved = moved || c != REACH;
    c = <i32>load<u8>(from + at);
  }
  return moved;
}

/**
 * Moves the bounds (I32) of a partition; see src/plain/refine.ts. Sums (F64) have `count + 1` elements.
 *
 * @param places, costs, from - I32, F64 and U8: five elements a bound each.
 */
export function refine_bounds(
  n: usize,
  s1: usize,
  s2: usize,
  count: i32,
  clusters: i32,
  bounds: usize,
  steps: usize,
  places: usize,
  costs: usize,
  from: usize,
): void {
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const moved = step(n, s1, s2, count, clusters, bounds, steps, places, costs, from);
    let single = true;
    for (let k: usize = 1; k < <usize>clusters; k++) {
      const width = load<i32>(steps + (k << 2));
      if (width > 1) single = false;
      if (!moved) store<i32>(steps + (k << 2), (width + 1) >> 1);
    }
    if (single && !moved) return;
  }
}
