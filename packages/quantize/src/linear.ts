import {
  checkEncoding,
  type ErrorFigures,
  errorFigures,
  F16_OVERFLOW,
  f16Value,
  hasOffset,
  linearGroupSize,
  linearRange,
  packedBytes,
  packNibbles,
  quantizeLinearGroups,
  toF16,
} from "@pippin/kernels";
import { checkShape, type MatrixShape, notFinite, type QuantizeOptions } from "./check.ts";
import type { LinearEncoding } from "./encoding.ts";

/** A linearly quantized matrix, as `constexpr_blockwise_shift_scale` takes it: w = scale · (data − offset). */
export interface LinearWeight {
  /** Integers row by row; 4-bit ones two in a byte, the first one low, without padding between rows. */
  readonly data: Uint8Array;
  /** F16 codes `[1, 1]`, `[rows, 1]` or `[rows, cols / blockSize]`. */
  readonly scale: Uint16Array;
  /** As many integers of the data's dtype, packed likewise; missing where all are 0. */
  readonly offset?: Uint8Array;
}

export interface QuantizedLinear extends LinearWeight {
  /** What was lost against the F16 weight. */
  readonly error: ErrorFigures;
}

/**
 * Quantizes one matrix as coremltools' `linear_quantize_weights` does in an F16 model, bit for bit wherever its F16
 * steps are finite; larger groups (beyond ±32752, symmetric) get the scale that it would have without overflow, and
 * `error.wideScales` counts them. A group of zeros has scale 0 and data 0.
 *
 * @param codes - F16 codes, row-major.
 * @throws PippinError `QUANTIZE_SHAPE_INVALID`, `QUANTIZE_WEIGHT_NOT_FINITE`; `KERNELS_ENCODING_INVALID` when the block
 *   size does not divide the columns.
 */
export function quantizeLinear(
  codes: Uint16Array,
  shape: MatrixShape,
  encoding: LinearEncoding,
  options: QuantizeOptions = {},
): QuantizedLinear {
  const { name = "without a name" } = options;
  checkShape(name, codes.length, shape);
  checkEncoding(name, shape, encoding);
  const bad = codes.findIndex((code) => (code & 0x7c00) === 0x7c00);
  if (bad >= 0)
    notFinite(name, bad, f16Value(codes[bad]!), "The checkpoint is damaged; use another revision.");
  const range = linearRange(encoding);
  const { bytes, scale, offset, sums } = quantizeLinearGroups(
    codes,
    linearGroupSize(encoding, ...shape),
    range,
  );
  const pack = (integers: Uint8Array) => (range.bits === 4 ? packNibbles(integers) : integers);
  return {
    data: pack(bytes),
    scale,
    ...(hasOffset(range) ? { offset: pack(offset) } : {}),
    error: errorFigures(sums, codes.length),
  };
}

/**
 * F16 codes of scale · (data − offset), rounded once, infinite beyond F16: coremltools' decompression.
 *
 * @throws PippinError `QUANTIZE_SHAPE_INVALID` when the parts do not have the sizes that shape and encoding say.
 */
export function dequantizeLinear(
  weight: LinearWeight,
  shape: MatrixShape,
  encoding: LinearEncoding,
  options: QuantizeOptions = {},
): Uint16Array {
  const { name = "without a name" } = options;
  const { bits } = linearRange(encoding);
  const elements = shape[0] * shape[1];
  checkShape(name, weight.data.length === packedBytes(elements, bits) ? elements : weight.data.length, shape);
  checkEncoding(name, shape, encoding);
  const groupSize = linearGroupSize(encoding, ...shape);
  checkShape(`${name}, scale`, weight.scale.length, [elements / groupSize, 1]);
  const signed = encoding.dtype.startsWith("int");
  const { data, scale, offset } = weight;
  const values = new Float32Array(elements);
  for (let i = 0; i < elements; i++) {
    const group = Math.floor(i / groupSize);
    const zero = offset === undefined ? 0 : integerAt(offset, group, bits, signed);
    values[i] = (integerAt(data, i, bits, signed) - zero) * f16Value(scale[group]!);
  }
  const codes = toF16(values);
  for (let i = 0; i < elements; i++) {
    // A scale that was rounded up can carry the largest F16 beyond the range.
    if (Math.abs(values[i]!) >= F16_OVERFLOW) codes[i] = values[i]! < 0 ? 0xfc00 : 0x7c00;
  }
  return codes;
}

function integerAt(packed: Uint8Array, index: number, bits: number, signed: boolean): number {
  const code = bits === 8 ? packed[index]! : (packed[index >> 1]! >> (4 * (index & 1))) & 15;
  return signed && code >= 2 ** (bits - 1) ? code - 2 ** bits : code;
}
