/** What decoders of GGUF blocks write. `T` is u16 for F16, f32 for F32. */
import { halves, maxMagnitude, quarter0, quarter1, quarter2, quarter3 } from "./half";

/** Writes 16 values scale · q + minimum; `minimum` −0 adds nothing. @returns the new maximum. */
@inline
export function put<T>(dst: usize, q: v128, scale: v128, minimum: v128, maximum: v128): v128 {
  const v0 = f32x4.add(f32x4.mul(scale, quarter0(q)), minimum);
  const v1 = f32x4.add(f32x4.mul(scale, quarter1(q)), minimum);
  const v2 = f32x4.add(f32x4.mul(scale, quarter2(q)), minimum);
  const v3 = f32x4.add(f32x4.mul(scale, quarter3(q)), minimum);
  if (sizeof<T>() == 4) {
    v128.store(dst, v0);
    v128.store(dst, v1, 16);
    v128.store(dst, v2, 32);
    v128.store(dst, v3, 48);
    return maximum;
  }
  v128.store(dst, halves(v0, v1));
  v128.store(dst, halves(v2, v3), 16);
  return maxMagnitude(maxMagnitude(maxMagnitude(maxMagnitude(maximum, v0), v1), v2), v3);
}

/** Bytes that 16 values of the output take. */
@inline
export function bytes16<T>(): usize {
  return 16 * sizeof<T>();
}

@inline
export function endOf<T>(dst: usize, count: i32): usize {
  return dst + <usize>count * sizeof<T>();
}
