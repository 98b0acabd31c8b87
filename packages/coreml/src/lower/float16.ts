import { toF16 } from "@pippin/kernels";

/** Whether the platform keeps numbers as the file does, so that codes are their own bytes. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** fp16 codes of numbers, little-endian, rounded to nearest even. */
export function encodeFloat16(values: ArrayLike<number>): Uint8Array {
  const codes = toF16(values instanceof Float32Array ? values : Float32Array.from(values));
  if (LITTLE_ENDIAN) return new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength);
  const view = new DataView(new ArrayBuffer(codes.length * 2));
  for (let i = 0; i < codes.length; i++) view.setUint16(i * 2, codes[i]!, true);
  return new Uint8Array(view.buffer);
}
