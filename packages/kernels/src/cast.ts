import { PippinError } from "@pippin/core";
import { DTYPES, type FloatDtype } from "./dtype.ts";
import type { KernelsErrorCode } from "./errors.ts";
import { type F16Cast, plainCastToF16, plainCastToF32 } from "./plain/cast.ts";
import { sharedHeap, TILE_ELEMENTS } from "./shared-heap.ts";
import type { WasmHeap } from "./wasm-heap.ts";

const SOURCE = 0;
const TARGET = SOURCE + 8 * TILE_ELEMENTS;

/**
 * F16 codes of the elements that `bytes` hold (little-endian, whole blocks), rounded once to nearest even.
 *
 * Finite values beyond ±65504 saturate; `maxAbs >= 65520` says that this happened. Infinities and NaN keep their
 * meaning and show as `maxAbs` Infinity or NaN.
 *
 * @throws PippinError `KERNELS_SHAPE_MISMATCH` when `bytes` end within a block.
 */
export function castToF16(bytes: Uint8Array, dtype: FloatDtype): F16Cast {
  const count = countElements(bytes, dtype);
  const wasm = sharedHeap();
  if (wasm === undefined) return plainCastToF16(bytes, dtype);
  if (count <= TILE_ELEMENTS) return castTile(wasm, bytes, dtype, count);
  const codes = new Uint16Array(count);
  let maxAbs = 0;
  forEachTile(bytes, dtype, (tile, begin, tileCount) => {
    wasm.bytes.set(tile, SOURCE);
    const tileMax = wasm.toF16(dtype, SOURCE, TARGET, tileCount);
    const tileCodes = Number.isFinite(tileMax)
      ? new Uint16Array(wasm.bytes.buffer, TARGET, tileCount)
      : plainCastToF16(tile, dtype).codes;
    codes.set(tileCodes, begin);
    maxAbs = Math.max(maxAbs, tileMax);
  });
  return { codes, maxAbs };
}

/** One tile leaves the heap as a copy: an array of its own would be filled with zeros first. */
function castTile(wasm: WasmHeap, bytes: Uint8Array, dtype: FloatDtype, count: number): F16Cast {
  wasm.bytes.set(bytes, SOURCE);
  const maxAbs = wasm.toF16(dtype, SOURCE, TARGET, count);
  if (!Number.isFinite(maxAbs)) return { codes: plainCastToF16(bytes, dtype).codes, maxAbs };
  return { codes: new Uint16Array(wasm.bytes.slice(TARGET, TARGET + 2 * count).buffer), maxAbs };
}

/**
 * F32 values of the elements that `bytes` hold (little-endian, whole blocks): exact, but for F64 (nearest even).
 * GGUF blocks are computed in F32 as ggml does: scale · q, then + minimum.
 *
 * @throws PippinError `KERNELS_SHAPE_MISMATCH` when `bytes` end within a block.
 */
export function castToF32(bytes: Uint8Array, dtype: FloatDtype): Float32Array<ArrayBuffer> {
  const count = countElements(bytes, dtype);
  const values = new Float32Array(count);
  const wasm = sharedHeap();
  if (wasm === undefined) {
    values.set(plainCastToF32(bytes, dtype));
    return values;
  }
  forEachTile(bytes, dtype, (tile, begin, tileCount) => {
    wasm.bytes.set(tile, SOURCE);
    wasm.toF32(dtype, SOURCE, TARGET, tileCount);
    values.set(wasm.floats(TARGET, tileCount), begin);
  });
  return values;
}

/** F16 codes of F32 values, as `castToF16` rounds them. */
export function toF16(values: Float32Array): Uint16Array {
  return castToF16(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), "F32").codes;
}

/** F32 values of F16 codes. */
export function fromF16(codes: Uint16Array): Float32Array<ArrayBuffer> {
  return castToF32(new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength), "F16");
}

function countElements(bytes: Uint8Array, dtype: FloatDtype): number {
  const { blockBytes, blockElements } = DTYPES[dtype];
  if (bytes.byteLength % blockBytes !== 0) {
    throw new PippinError<KernelsErrorCode>("KERNELS_SHAPE_MISMATCH", {
      message: `${bytes.byteLength} bytes are no whole number of ${dtype} blocks of ${blockBytes} bytes`,
      hint: "Pass the bytes of whole blocks.",
      details: { byteLength: bytes.byteLength, dtype, blockBytes },
    });
  }
  return (bytes.byteLength / blockBytes) * blockElements;
}

function forEachTile(
  bytes: Uint8Array,
  dtype: FloatDtype,
  visit: (tile: Uint8Array, begin: number, count: number) => void,
): void {
  const { blockBytes, blockElements } = DTYPES[dtype];
  const tileBytes = (TILE_ELEMENTS / blockElements) * blockBytes;
  for (let at = 0, begin = 0; at < bytes.byteLength; at += tileBytes, begin += TILE_ELEMENTS) {
    const tile = bytes.subarray(at, at + tileBytes);
    visit(tile, begin, (tile.byteLength / blockBytes) * blockElements);
  }
}
