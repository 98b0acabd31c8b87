/** Magnitudes of finite F16 codes are below this. */
const MAGNITUDES: usize = 0x7c00;
/** Bins of the negative codes begin here. */
const NEGATIVE: usize = 0x8000;

@inline
function countFour(bins: usize, codes: u64): void {
  for (let shift: u64 = 0; shift < 64; shift += 16) {
    const bin = bins + (<usize>((codes >> shift) & 0xffff) << 2);
    store<u32>(bin, load<u32>(bin) + 1);
  }
}

/** Adds `count` F16 codes to 65,536 bins of 32 bits. @returns the largest magnitude, as a code without sign. */
export function count_codes(src: usize, count: i32, bins: usize): i32 {
  const end = src + (<usize>count << 1);
  let maximum: v128 = i16x8.splat(0);
  for (; src + 16 <= end; src += 16) {
    const codes = v128.load(src);
    maximum = v128.max<u16>(maximum, v128.and(codes, i16x8.splat(0x7fff)));
    countFour(bins, i64x2.extract_lane(codes, 0));
    countFour(bins, i64x2.extract_lane(codes, 1));
  }
  let largest: u32 = 0;
  for (; src < end; src += 2) {
    const code = <u32>load<u16>(src);
    const bin = bins + (<usize>code << 2);
    store<u32>(bin, load<u32>(bin) + 1);
    largest = max<u32>(largest, code & 0x7fff);
  }
  for (let lane = 0; lane < 8; lane++) {
    largest = max<u32>(largest, <u32>i16x8.extract_lane_u(maximum, 0));
    maximum = i8x16.shuffle(maximum, maximum, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1);
  }
  return largest;
}

/** Value of a magnitude. Subnormal halves do not become subnormal floats on the way, which would be slow. */
@inline
function valueOf(magnitude: u32): f64 {
  if (magnitude < 0x400) return <f64>magnitude * 5.960464477539063e-8; // 2^-24
  return <f64>(reinterpret<f32>(magnitude << 13) * reinterpret<f32>(0x77800000)); // 2^112
}

/** Which of the 16 bins at `at` are not empty, a bit each. */
@inline
function occupied(at: usize): u32 {
  const zero = i32x4.splat(0);
  const low = i16x8.narrow_i32x4_s(i32x4.ne(v128.load(at), zero), i32x4.ne(v128.load(at, 16), zero));
  const high = i16x8.narrow_i32x4_s(i32x4.ne(v128.load(at, 32), zero), i32x4.ne(v128.load(at, 48), zero));
  return <u32>i8x16.bitmask(i8x16.narrow_i16x8_s(low, high));
}

/**
 * The values that occur, in ascending order, with running sums between them. All arrays are given by their middle,
 * where the negative values end: values (F32) grow to both sides of it, the sums (F64) of n, n·x, n·x² and
 * √(n·gap) are 0 there. Sums that begin at zero keep their precision where the values are small.
 *
 * @param limit - magnitudes from here on do not occur.
 * @returns the number of negative values · 2^16 + the number of the others.
 */
export function distinct_values(
  bins: usize,
  limit: i32,
  values: usize,
  n: usize,
  s1: usize,
  s2: usize,
  spread: usize,
): i32 {
  const end = min<usize>((<usize>limit + 15) & ~15, MAGNITUDES);
  const zeros = load<u32>(bins) + load<u32>(bins, NEGATIVE << 2);
  let sumN: f64 = <f64>zeros;
  let sumX: f64 = 0;
  let sumXX: f64 = 0;
  let sumSpread: f64 = 0;
  let previous: f64 = 0;
  let positive: usize = 0;
  if (zeros > 0) {
    store<f32>(values, 0);
    positive = 1;
    store<f64>(n, sumN, 8);
    store<f64>(s1, 0, 8);
    store<f64>(s2, 0, 8);
    store<f64>(spread, 0, 8);
  }
  for (let block: usize = 0; block < end; block += 16) {
    let bits = occupied(bins + (block << 2));
    if (block == 0) bits &= 0xfffe;
    for (; bits != 0; bits &= bits - 1) {
      const magnitude = block + <usize>ctz(bits);
      const x = valueOf(<u32>magnitude);
      const count = <f64>load<u32>(bins + (magnitude << 2));
      sumN += count;
      sumX += count * x;
      sumXX += count * x * x;
      sumSpread += sqrt(count * (x - previous));
      previous = x;
      store<f32>(values + (positive << 2), <f32>x);
      positive++;
      store<f64>(n + (positive << 3), sumN);
      store<f64>(s1 + (positive << 3), sumX);
      store<f64>(s2 + (positive << 3), sumXX);
      store<f64>(spread + (positive << 3), sumSpread);
    }
  }
  store<f64>(n, 0);
  store<f64>(s1, 0);
  store<f64>(s2, 0);
  store<f64>(spread, 0);
  sumN = sumX = sumXX = sumSpread = previous = 0;
  let negative: usize = 0;
  for (let block: usize = 0; block < end; block += 16) {
    let bits = occupied(bins + ((block + NEGATIVE) << 2));
    if (block == 0) bits &= 0xfffe;
    for (; bits != 0; bits &= bits - 1) {
      const magnitude = block + <usize>ctz(bits);
      const x = valueOf(<u32>magnitude);
      const count = <f64>load<u32>(bins + ((magnitude + NEGATIVE) << 2));
      sumN -= count;
      sumX += count * x;
      sumXX -= count * x * x;
      sumSpread -= sqrt(count * (x - previous));
      previous = x;
      negative++;
      store<f32>(values - (negative << 2), -(<f32>x));
      store<f64>(n - (negative << 3), sumN);
      store<f64>(s1 - (negative << 3), sumX);
      store<f64>(s2 - (negative << 3), sumXX);
      store<f64>(spread - (negative << 3), sumSpread);
    }
  }
  return <i32>((negative << 16) | positive);
}

/** One index a code, from a table of 65,536 bytes. */
export function map_codes(src: usize, dst: usize, count: i32, table: usize): void {
  const end = dst + <usize>count;
  for (; dst + 4 <= end; src += 8, dst += 4) {
    const codes = load<u64>(src);
    const low = <u32>load<u8>(table + <usize>(codes & 0xffff)) | (<u32>load<u8>(table + <usize>((codes >> 16) & 0xffff)) << 8);
    const high = <u32>load<u8>(table + <usize>((codes >> 32) & 0xffff)) | (<u32>load<u8>(table + <usize>(codes >> 48)) << 8);
    store<u32>(dst, low | (high << 16));
  }
  for (; dst < end; src += 2, dst++) store<u8>(dst, load<u8>(table + <usize>load<u16>(src)));
}

/** Packs `eights` times eight indices, a byte each, from the lowest bits on. Writes up to 7 bytes too many. */
export function pack_indices(src: usize, dst: usize, eights: i32, bits: i32): void {
  const b = <u64>bits;
  for (const end = dst + <usize>(eights * bits); dst < end; src += 8, dst += <usize>bits) {
    let x = load<u64>(src);
    x = (x & 0x00ff00ff00ff00ff) | (((x >> 8) & 0x00ff00ff00ff00ff) << b);
    x = (x & 0x0000ffff0000ffff) | (((x >> 16) & 0x0000ffff0000ffff) << (2 * b));
    store<u64>(dst, (x & 0xffffffff) | ((x >> 32) << (4 * b)));
  }
}

/** Undoes `pack_indices`. Reads up to 7 bytes too many. */
export function unpack_indices(src: usize, dst: usize, eights: i32, bits: i32): void {
  const b = <u64>bits;
  const m4 = (<u64>1 << (4 * b)) - 1;
  const m2 = ((<u64>1 << (2 * b)) - 1) * 0x0000000100000001;
  const m1 = ((<u64>1 << b) - 1) * 0x0001000100010001;
  for (const end = dst + (<usize>eights << 3); dst < end; src += <usize>bits, dst += 8) {
    let x = load<u64>(src);
    x = (x & m4) | (((x >> (4 * b)) & m4) << 32);
    x = (x & m2) | (((x >> (2 * b)) & m2) << 16);
    store<u64>(dst, (x & m1) | (((x >> b) & m1) << 8));
  }
}
