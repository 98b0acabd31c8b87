import { addErrors, type LinearRange, noErrors, packedBytes } from "./linear.ts";
import { LINEAR_STATE_BYTES, LinearKernels, MAX_WHOLE_GROUP } from "./linear-kernels.ts";
import { type LinearGroups, plainQuantizeLinearGroups } from "./plain/linear.ts";
import { sharedHeap, TILE_ELEMENTS } from "./shared-heap.ts";
import type { WasmHeap } from "./wasm-heap.ts";

const STATE = 0;
const SOURCE = STATE + LINEAR_STATE_BYTES;
const TARGET = SOURCE + 2 * TILE_ELEMENTS;
const SCALES = TARGET + TILE_ELEMENTS;
const OFFSETS = SCALES + 2 * TILE_ELEMENTS;
const WHOLE = { src: SOURCE, dst: TARGET, dtype: "F16", scaleDst: SCALES, offsetDst: OFFSETS } as const;

/**
 * Quantizes groups of `groupSize` F16 codes that lie one after the other: coremltools' `linear_quantize_weights` of
 * an F16 model bit for bit, wherever its steps are finite in F16. Where they are not (a symmetric group beyond
 * ±32752, say) scale and offset are computed without overflow and `wideScales` counts the group. A group of zeros has
 * scale 0 and data 0.
 *
 * @param codes - finite, a multiple of `groupSize` in number.
 * @returns one byte an element, in two's complement.
 */
export function quantizeLinearGroups(
  codes: Uint16Array,
  groupSize: number,
  range: LinearRange,
): LinearGroups {
  const heap = sharedHeap();
  if (heap === undefined) return plainQuantizeLinearGroups(codes, groupSize, range);
  const groups = codes.length / groupSize;
  const result: LinearGroups = {
    bytes: new Uint8Array(codes.length),
    scale: new Uint16Array(groups),
    offset: new Uint8Array(groups),
    sums: noErrors(),
  };
  const kernels = new LinearKernels(heap, range, STATE);
  if (groupSize <= MAX_WHOLE_GROUP) quantizeWhole(heap, kernels, codes, groupSize, result);
  else quantizeLong(heap, kernels, codes, groupSize, result);
  addErrors(result.sums, kernels.takeSums());
  return result;
}

function quantizeWhole(
  { bytes }: WasmHeap,
  kernels: LinearKernels,
  codes: Uint16Array,
  groupSize: number,
  result: LinearGroups,
): void {
  const atOnce = Math.floor(TILE_ELEMENTS / groupSize);
  for (let group = 0; group < result.scale.length; group += atOnce) {
    const count = Math.min(atOnce, result.scale.length - group);
    const begin = group * groupSize;
    const tile = codes.subarray(begin, begin + count * groupSize);
    bytes.set(bytesOf(tile), SOURCE);
    kernels.quantizeGroups({ ...WHOLE, groups: count, groupSize });
    result.bytes.set(bytes.subarray(TARGET, TARGET + tile.length), begin);
    result.scale.set(new Uint16Array(bytes.buffer, SCALES, count), group);
    result.offset.set(bytes.subarray(OFFSETS, OFFSETS + count), group);
  }
}

function quantizeLong(
  { bytes }: WasmHeap,
  kernels: LinearKernels,
  codes: Uint16Array,
  groupSize: number,
  result: LinearGroups,
): void {
  const { sums } = result;
  for (let group = 0; group < result.scale.length; group++) {
    const tiles = tilesOf(codes.subarray(group * groupSize, (group + 1) * groupSize));
    kernels.beginGroup();
    for (const tile of tiles) {
      bytes.set(bytesOf(tile), SOURCE);
      kernels.look(SOURCE, tile.length);
    }
    const of = kernels.groupScale();
    let at = group * groupSize;
    for (const tile of tiles) {
      if (tiles.length > 1) bytes.set(bytesOf(tile), SOURCE);
      kernels.quantize(SOURCE, TARGET, tile.length, of);
      result.bytes.set(bytes.subarray(TARGET, TARGET + tile.length), at);
      at += tile.length;
    }
    result.scale[group] = of.code;
    result.offset[group] = of.zero;
    if (of.scale === 0) sums.zeroGroups++;
    if (of.wide) sums.wideScales++;
  }
}

function tilesOf(codes: Uint16Array): Uint16Array[] {
  const count = Math.ceil(codes.length / TILE_ELEMENTS);
  return Array.from({ length: count }, (_, i) => codes.subarray(i * TILE_ELEMENTS, (i + 1) * TILE_ELEMENTS));
}

function bytesOf(codes: Uint16Array): Uint8Array {
  return new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength);
}

/** The low four bits of each byte, two in a byte, the first one low. */
export function packNibbles(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(packedBytes(bytes.length, 4));
  for (let i = 0; i < bytes.length; i++) packed[i >> 1]! |= (bytes[i]! & 15) << (4 * (i & 1));
  return packed;
}
