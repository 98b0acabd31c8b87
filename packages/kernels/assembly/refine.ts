/** As in src/plain/refine.ts, but choices are in the order in which they are tried: the first is to stay. */
const CHOICES: usize = 5;
const MAX_PASSES: i32 = 64;

/**
 * Choices of one bound as places where clusters begin: six F64 each of n, Σ n·x, Σ n·x², the cost of all before, and
 * the place; the sixth is none.
 */
const ROW_S1: usize = 48;
const ROW_S2: usize = 96;
const ROW_COST: usize = 144;
const ROW_PLACE: usize = 192;
const ROW_BYTES: usize = 240;

/** Places from the bound on, in steps, of the choices: 0, −2, −1, 1, 2. */
@inline
function offsetOf(choice: usize): i32 {
  return choice == 0 ? 0 : <i32>choice - (choice < 3 ? 3 : 2);
}

/** Two costs of clusters that begin at choices of `row` and end at `place`, of which `row` is the first. */
@inline
function twoCosts(row: usize, place: v128, ne: v128, s1e: v128, s2e: v128): v128 {
  const d1 = f64x2.sub(s1e, v128.load(row, ROW_S1));
  const rest = f64x2.add(v128.load(row, ROW_COST), f64x2.sub(s2e, v128.load(row, ROW_S2)));
  const cost = f64x2.sub(rest, f64x2.div(f64x2.mul(d1, d1), f64x2.sub(ne, v128.load(row))));
  return v128.bitselect(cost, f64x2.splat(Infinity), f64x2.lt(v128.load(row, ROW_PLACE), place));
}

/** Puts a choice that cannot be: it begins behind every place. Its sums are never looked at, as a quotient of theirs may be NaN. */
@inline
function putNone(row: usize): void {
  store<f64>(row, 0);
  store<f64>(row, 0, ROW_S1);
  store<f64>(row, 0, ROW_S2);
  store<f64>(row, Infinity, ROW_COST);
  store<f64>(row, Infinity, ROW_PLACE);
}

/**
 * Puts the choice to end a cluster at `place` to `target`, with the cheapest of the begins in `row`. No branches: which it
 * is cannot be predicted. @returns the begin.
 */
@inline
function putChoice(n: usize, s1: usize, s2: usize, place: i32, row: usize, target: usize): u8 {
  const at = <usize>place << 3;
  const ne = load<f64>(n + at);
  const s1e = load<f64>(s1 + at);
  const s2e = load<f64>(s2 + at);
  const end = f64x2.splat(<f64>place);
  const nes = f64x2.splat(ne);
  const s1es = f64x2.splat(s1e);
  const s2es = f64x2.splat(s2e);
  let least = twoCosts(row, end, nes, s1es, s2es);
  let best = i64x2(0, 1);
  const second = twoCosts(row + 16, end, nes, s1es, s2es);
  const secondLess = f64x2.lt(second, least);
  least = v128.bitselect(second, least, secondLess);
  best = v128.bitselect(i64x2(2, 3), best, secondLess);
  const third = twoCosts(row + 32, end, nes, s1es, s2es);
  const thirdLess = f64x2.lt(third, least);
  least = v128.bitselect(third, least, thirdLess);
  best = v128.bitselect(i64x2(4, 5), best, thirdLess);
  const otherLeast = v128.shuffle<f64>(least, least, 1, 0);
  const otherBest = v128.shuffle<i64>(best, best, 1, 0);
  const earlier = v128.and(f64x2.eq(otherLeast, least), i64x2.lt_s(otherBest, best));
  const other = v128.or(f64x2.lt(otherLeast, least), earlier);
  store<f64>(target, ne);
  store<f64>(target, s1e, ROW_S1);
  store<f64>(target, s2e, ROW_S2);
  v128.store64_lane(target + ROW_COST, v128.bitselect(otherLeast, least, other), 0);
  store<f64>(target, <f64>place, ROW_PLACE);
  return <u8>i64x2.extract_lane(v128.bitselect(otherBest, best, other), 0);
}

/** Tries all choices of all bounds. @returns whether one moved. */
function step(
  n: usize,
  s1: usize,
  s2: usize,
  count: i32,
  clusters: usize,
  bounds: usize,
  steps: usize,
  rows: usize,
  from: usize,
): bool {
  let row = rows;
  let target = rows + ROW_BYTES;
  for (let c: usize = 0; c < 6; c++) putNone(row + (c << 3));
  putNone(target + (CHOICES << 3));
  store<f64>(row, load<f64>(n));
  store<f64>(row, load<f64>(s1), ROW_S1);
  store<f64>(row, load<f64>(s2), ROW_S2);
  store<f64>(row, 0, ROW_COST);
  store<f64>(row, 0, ROW_PLACE);
  for (let k: usize = 1; k <= clusters; k++) {
    const bound = load<i32>(bounds + (k << 2));
    const width = load<i32>(steps + (k << 2));
    for (let c: usize = 0, choices: usize = k == clusters ? 1 : CHOICES; c < choices; c++) {
      const place = bound + offsetOf(c) * width;
      const possible = place > 0 && place <= count;
      let begin: u8 = 0;
      if (possible) begin = putChoice(n, s1, s2, place, row, target + (c << 3));
      else putNone(target + (c << 3));
      store<u8>(from + k * CHOICES + c, begin);
    }
    const swap = row;
    row = target;
    target = swap;
  }
  let moved = false;
  let c: usize = 0;
  for (let k = clusters; k > 0; k--) {
    const at = bounds + (k << 2);
    if (c != 0) {
      store<i32>(at, load<i32>(at) + offsetOf(c) * load<i32>(steps + (k << 2)));
      moved = true;
    }
    c = <usize>load<u8>(from + k * CHOICES + c);
  }
  return moved;
}

/**
 * Moves the bounds (I32) of a partition; see src/plain/refine.ts. Sums (F64) have `count + 1` elements.
 *
 * @param rows - 480 bytes.
 * @param from - U8: five elements a bound.
 */
export function refine_bounds(
  n: usize,
  s1: usize,
  s2: usize,
  count: i32,
  clusters: i32,
  bounds: usize,
  steps: usize,
  rows: usize,
  from: usize,
): void {
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const moved = step(n, s1, s2, count, <usize>clusters, bounds, steps, rows, from);
    let single = true;
    for (let k: usize = 1; k < <usize>clusters; k++) {
      const width = load<i32>(steps + (k << 2));
      if (width > 1) single = false;
      if (!moved) store<i32>(steps + (k << 2), (width + 1) >> 1);
    }
    if (single && !moved) return;
  }
}
