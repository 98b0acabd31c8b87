import { HIGH_NIBBLE_16, LOW_NIBBLE_16 } from "./constants";
import { AHEAD, CODE, findScales, INVERSE, OFFSET, WIDE } from "./group-scales";
import { encodeRuns, encodeSlowly, MIN_NORMAL, REBIAS_SCALE, setOffset } from "./quantize-run";
import { countGroup, flush, quietScale } from "./quantize-sums";

/** Bytes of codes whose scales are found ahead, if they have more than four groups: they are to stay in the first-level cache. */
const AHEAD_BYTES: i32 = 16384;

@inline
function quantizeGroups(
  src: usize,
  dst: usize,
  groups: i32,
  groupSize: i32,
  zero: i32,
  low: i32,
  high: i32,
  scaleDst: usize,
  offsetDst: usize,
  sums: usize,
  work: usize,
  affine: bool,
  bf16: bool,
): void {
  const bytes = (<usize>groupSize) << 1;
  const inRuns = bytes & ~31;
  const most = max(4, min(AHEAD, AHEAD_BYTES / <i32>bytes) & ~3);
  setOffset(zero, low, high);
  for (; groups > 0; groups -= most) {
    const ahead = min(groups, most);
    findScales(src, ahead, bytes, work, bf16 ? 1 : REBIAS_SCALE, low, high, affine, bf16);
    const quiet = quietScale(sums);
    const stop = work + ((<usize>ahead) << 2);
    for (let at = work; at < stop; at += 4, scaleDst += 2) {
      const scale = load<f32>(at);
      store<u16>(scaleDst, load<u16>(at + CODE));
      if (scale < MIN_NORMAL || load<u32>(at + WIDE) != 0) countGroup(sums, scale == 0, load<u32>(at + WIDE) != 0);
      let offset = zero;
      if (affine) {
        offset = load<i32>(at + OFFSET);
        setOffset(offset, low, high);
        store<i8>(offsetDst, <i8>offset);
        offsetDst++;
      }
      let done: usize = 0;
      if (scale >= MIN_NORMAL) {
        const scales = v128.load32_splat(at);
        const inverses = v128.load32_splat(at + INVERSE);
        if (!affine && scale <= quiet) encodeRuns(src, dst, inRuns, scales, inverses, sums, bf16, false, true);
        else encodeRuns(src, dst, inRuns, scales, inverses, sums, bf16, affine, false);
        done = inRuns;
      }
      if (done < bytes) {
        const rest = <i32>((bytes - done) >> 1);
        encodeSlowly(src + done, dst + (done >> 1), rest, scale, offset, low, high, sums, bf16);
      }
      src += bytes;
      dst += <usize>groupSize;
    }
    flush(sums);
  }
}

/**
 * Groups one after the other, each with its own scale, of F16 codes. `dst` gets a byte for each element, `scaleDst` an
 * F16 code and, when it is not 0, `offsetDst` a byte for each group.
 *
 * @param groupSize - 1 to 16384: four groups have no more than 64 runs.
 * @param work - room for 1280 bytes.
 * @param offsetDst - 0 for the symmetric mode, whose offset is `zero` everywhere.
 */
export function quantize_groups(
  src: usize,
  dst: usize,
  groups: i32,
  groupSize: i32,
  zero: i32,
  low: i32,
  high: i32,
  scaleDst: usize,
  offsetDst: usize,
  sums: usize,
  work: usize,
): void {
  if (offsetDst == 0) quantizeGroups(src, dst, groups, groupSize, zero, low, high, scaleDst, 0, sums, work, false, false);
  else quantizeGroups(src, dst, groups, groupSize, zero, low, high, scaleDst, offsetDst, sums, work, true, false);
}

/**
 * The same of BF16 codes that are finite in F16, as if each were rounded to F16 first. That only matters below 2^-17:
 * such a weight is nearer to 0 than to any normal scale, and its error is off by no more than 2^-11 of the scale.
 */
export function quantize_groups_bf16(
  src: usize,
  dst: usize,
  groups: i32,
  groupSize: i32,
  zero: i32,
  low: i32,
  high: i32,
  scaleDst: usize,
  offsetDst: usize,
  sums: usize,
  work: usize,
): void {
  if (offsetDst == 0) quantizeGroups(src, dst, groups, groupSize, zero, low, high, scaleDst, 0, sums, work, false, true);
  else quantizeGroups(src, dst, groups, groupSize, zero, low, high, scaleDst, offsetDst, sums, work, true, true);
}

/** Low four bits of `count` bytes, two in a byte, the first one low; `dst` may be `src`. */
export function pack_nibbles(src: usize, dst: usize, count: i32): void {
  const end = src + <usize>count;
  for (; src + 32 <= end; src += 32, dst += 16) {
    const a = v128.load(src);
    const b = v128.load(src, 16);
    const low = v128.or(v128.and(a, LOW_NIBBLE_16), v128.and(i16x8.shr_u(a, 4), HIGH_NIBBLE_16));
    const high = v128.or(v128.and(b, LOW_NIBBLE_16), v128.and(i16x8.shr_u(b, 4), HIGH_NIBBLE_16));
    v128.store(dst, i8x16.narrow_i16x8_u(low, high));
  }
  for (; src + 2 <= end; src += 2, dst++) store<u8>(dst, (load<u8>(src) & 15) | (load<u8>(src, 1) << 4));
  if (src < end) store<u8>(dst, load<u8>(src) & 15);
}
