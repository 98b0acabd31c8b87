import { fromF16, toF16 } from "@pippin/kernels";

/** Rounds values to fp16, in place: nearest, ties to even; beyond the range becomes infinite as on a device. */
export const roundToHalf: (values: Float32Array) => void =
  "Float16Array" in globalThis ? roundWithPlatform : roundWithKernels;

let scratch: Float16Array<ArrayBuffer> | undefined;

function roundWithPlatform(values: Float32Array): void {
  if (scratch === undefined || scratch.length < values.length)
    scratch = new Float16Array(Math.max(4096, values.length));
  const half = scratch.subarray(0, values.length);
  half.set(values);
  values.set(half);
}

/** For Node 22, which has no `Float16Array`. The kernels saturate, so what overflows is put right. */
export function roundWithKernels(values: Float32Array): void {
  const rounded = fromF16(toF16(values));
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Math.abs(value) < 65520) values[i] = rounded[i]!;
    else if (Number.isFinite(value)) values[i] = Math.sign(value) * Number.POSITIVE_INFINITY;
  }
}
