import { DTYPES, type FloatDtype } from "../dtype.ts";
import { type BlockReader, GGUF_BLOCK_READERS, halfAt, type Visit } from "./blocks.ts";
import { f16Code } from "./float16.ts";

/** F16 codes and the largest |value| before rounding (NaN when one is NaN). */
export interface F16Cast {
  readonly codes: Uint16Array;
  readonly maxAbs: number;
}

/** The definition of `castToF16`: each value, rounded once. */
export function plainCastToF16(bytes: Uint8Array, dtype: FloatDtype): F16Cast {
  const codes = new Uint16Array(elementsIn(bytes, dtype));
  let maxAbs = 0;
  forEachValue(bytes, dtype, (value, index) => {
    codes[index] = f16Code(value);
    maxAbs = Math.max(maxAbs, Math.abs(value));
  });
  return { codes, maxAbs };
}

/** The definition of `castToF32`: exact but for F64, which is rounded to nearest even. */
export function plainCastToF32(bytes: Uint8Array, dtype: FloatDtype): Float32Array {
  const values = new Float32Array(elementsIn(bytes, dtype));
  forEachValue(bytes, dtype, (value, index) => {
    values[index] = value;
  });
  return values;
}

/** BF16 codes of F32 values, rounded to nearest even. */
export function plainToBf16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (word) => (word + 0x7fff + ((word >>> 16) & 1)) >>> 16);
}

function elementsIn(bytes: Uint8Array, dtype: FloatDtype): number {
  const { blockBytes, blockElements } = DTYPES[dtype];
  return (bytes.byteLength / blockBytes) * blockElements;
}

function forEachValue(bytes: Uint8Array, dtype: FloatDtype, visit: Visit): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { blockBytes, blockElements } = DTYPES[dtype];
  for (let at = 0, index = 0; at < bytes.byteLength; at += blockBytes, index += blockElements) {
    BLOCK_READERS[dtype](view, at, (value, inBlock) => visit(value, index + inBlock));
  }
}

/** How the bytes of one block become values. */
const BLOCK_READERS: Record<FloatDtype, BlockReader> = {
  F64: (view, at, visit) => visit(view.getFloat64(at, true), 0),
  F32: (view, at, visit) => visit(view.getFloat32(at, true), 0),
  F16: (view, at, visit) => visit(halfAt(view, at), 0),
  BF16: (view, at, visit) => visit(bf16Value(view.getUint16(at, true)), 0),
  ...GGUF_BLOCK_READERS,
};

const scratch = new DataView(new ArrayBuffer(4));

export function bf16Value(code: number): number {
  scratch.setUint16(0, code);
  return scratch.getFloat32(0);
}
