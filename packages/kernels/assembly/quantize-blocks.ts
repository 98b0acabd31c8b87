import { HIGH_NIBBLE_16, LOW_NIBBLE_16 } from "./constants";
import { fourScales, offsets, scales, wide } from "./block-scales";
import { halfCodes } from "./half";
import {
  addRun,
  evenHalves,
  flush,
  integersOf,
  largestOf,
  MIN_NORMAL,
  oddHalves,
  quantize_run,
  REBIAS_SCALE,
  restsOf,
  squaredErrorsOf,
  squaresOf,
  storeBytes,
  WIDE_SCALES,
  ZERO_GROUPS,
} from "./quantize-run";

/** Blocks whose squares F32 lanes sum before they go to F64. */
const FLUSH_BLOCKS: i32 = 64;

@inline
function first(lanes: v128): v128 {
  return i32x4.shuffle(lanes, lanes, 0, 0, 0, 0);
}

@inline
function rotate(lanes: v128): v128 {
  return i32x4.shuffle(lanes, lanes, 1, 2, 3, 0);
}

@inline
function count(address: usize, by: i32): void {
  store<i32>(address, load<i32>(address) + by);
}

/** Scales of the four blocks from `src` on, of which `blocks` are there: the last one stands for those that are not. */
@inline
function nextScales(src: usize, blocks: i32, bytes: usize, affine: bool, low: i32, high: i32): void {
  const last = src + bytes * <usize>(min(4, blocks) - 1);
  const second = min(src + bytes, last);
  fourScales(src, second, min(second + bytes, last), last, bytes, affine, low, high);
}

@inline
function quantizeBlocks(
  src: usize,
  dst: usize,
  blocks: i32,
  blockSize: i32,
  zero: i32,
  low: i32,
  high: i32,
  scaleDst: usize,
  offsetDst: usize,
  sums: usize,
  affine: bool,
): void {
  const bytes = (<usize>blockSize) << 1;
  let zeros = i16x8.splat(<i16>zero);
  let least = i16x8.splat(<i16>(low - zero));
  let most = i16x8.splat(<i16>(high - zero));
  let errors = i32x4.splat(0);
  let squares = i32x4.splat(0);
  let maxError = i32x4.splat(0);
  let out = i32x4.splat(0);
  if (blocks > 0) nextScales(src, blocks, bytes, affine, low, high);
  for (let block: i32 = 0; block < blocks; block += 4) {
    const four = min(4, blocks - block);
    let lanes = scales;
    let inverses = f32x4.div(f32x4.splat(REBIAS_SCALE), lanes);
    let codes = halfCodes(lanes);
    let lanesOffsets = offsets;
    let beyond = wide;
    // The next four scales are on their way while these blocks are encoded: they have a long chain of divisions.
    if (block + 4 < blocks) nextScales(src + 4 * bytes, blocks - block - 4, bytes, affine, low, high);
    for (let i: i32 = 0; i < four; i++) {
      const scale = f32x4.extract_lane(lanes, 0);
      let offset = zero;
      if (affine) {
        offset = i32x4.extract_lane(lanesOffsets, 0);
        zeros = i16x8.splat(<i16>offset);
        least = i16x8.splat(<i16>(low - offset));
        most = i16x8.splat(<i16>(high - offset));
        store<i8>(offsetDst, <i8>offset);
        offsetDst++;
        lanesOffsets = rotate(lanesOffsets);
      }
      if (scale >= MIN_NORMAL) {
        const inverse = first(inverses);
        let qq = i32x4.splat(0);
        let qd = i32x4.splat(0);
        let dd = i32x4.splat(0);
        let maxD = i32x4.splat(0);
        for (const end = src + bytes; src < end; src += 16, dst += 8) {
          const eight = v128.load(src);
          const x0 = f32x4.mul(evenHalves(eight), inverse);
          const x1 = f32x4.mul(oddHalves(eight), inverse);
          let q = integersOf(x0, x1);
          if (affine) {
            const within = v128.min<i16>(v128.max<i16>(q, least), most);
            out = i16x8.sub(out, i16x8.ne(within, q));
            q = within;
          }
          const d = restsOf(x0, x1, q);
          qq = i32x4.add(qq, i32x4.dot_i16x8_s(q, q));
          qd = i32x4.add(qd, i32x4.dot_i16x8_s(q, d));
          dd = i32x4.add(dd, i32x4.dot_i16x8_s(d, d));
          maxD = v128.max<u16>(maxD, v128.abs<i16>(d));
          storeBytes(dst, q, zeros);
        }
        const factor = first(lanes);
        const square = f32x4.mul(factor, factor);
        errors = f32x4.add(errors, f32x4.mul(squaredErrorsOf(dd), square));
        squares = f32x4.add(squares, f32x4.mul(squaresOf(qq, qd, dd), square));
        maxError = f32x4.pmax(maxError, f32x4.mul(largestOf(maxD), factor));
      } else {
        quantize_run(src, dst, blockSize, scale, offset, low, high, !affine, sums);
        if (scale == 0) count(sums + ZERO_GROUPS, 1);
        src += bytes;
        dst += blockSize;
      }
      if (v128.any_true(beyond)) count(sums + WIDE_SCALES, i32x4.extract_lane(beyond, 0) & 1);
      store<i16>(scaleDst, <i16>i32x4.extract_lane(codes, 0));
      scaleDst += 2;
      lanes = rotate(lanes);
      inverses = rotate(inverses);
      codes = rotate(codes);
      beyond = rotate(beyond);
    }
    if ((block & (FLUSH_BLOCKS - 4)) == FLUSH_BLOCKS - 4 || block + 4 >= blocks) {
      addRun(errors, squares, maxError, out);
      flush(sums);
      errors = squares = maxError = out = i32x4.splat(0);
    }
  }
}

/**
 * Blocks one after the other, each with its own scale. `blockSize` is a multiple of 8; `dst` gets a byte for each
 * element, `scaleDst` an F16 code and, when it is not 0, `offsetDst` a byte for each block.
 *
 * @param offsetDst - 0 for the symmetric mode, whose offset is `zero` everywhere.
 */
export function quantize_blocks(
  src: usize,
  dst: usize,
  blocks: i32,
  blockSize: i32,
  zero: i32,
  low: i32,
  high: i32,
  scaleDst: usize,
  offsetDst: usize,
  sums: usize,
): void {
  if (offsetDst == 0) quantizeBlocks(src, dst, blocks, blockSize, zero, low, high, scaleDst, 0, sums, false);
  else quantizeBlocks(src, dst, blocks, blockSize, zero, low, high, scaleDst, offsetDst, sums, true);
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
