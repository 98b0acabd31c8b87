import { toF16 } from "@pippin/kernels";

/** F16 codes of normally distributed values around ±0.02, as trained weights are; the same ones every time. */
export function randomHalves(count: number): Uint16Array {
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return toF16(Float32Array.from({ length: count }, () => 0.02 * normal()));
}
