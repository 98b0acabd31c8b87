import { toF16 } from "@pippin/kernels";

/** fp16 codes of numbers, little-endian, rounded to nearest even. */
export function encodeFloat16(values: ArrayLike<number>): Uint8Array {
  const codes = toF16(Float32Array.from(values));
  const view = new DataView(new ArrayBuffer(values.length * 2));
  for (let i = 0; i < codes.length; i++) view.setUint16(i * 2, codes[i]!, true);
  return new Uint8Array(view.buffer);
}
