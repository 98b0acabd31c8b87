import type { Operands } from "./kernel.ts";
import { invalid, stridesOf, type Tensor } from "./value.ts";

/** Axis `i` of the result is axis `perm[i]` of `x`. */
export function transpose(p: Operands, { shape, data }: Tensor, perm: readonly number[]): Tensor {
  const rank = shape.length;
  if (perm.length !== rank || new Set(perm).size !== rank || perm.some((axis) => !(shape[axis]! >= 0)))
    throw invalid(`[${perm}] is no order of the axes of [${shape}]`);
  const strides = stridesOf(shape);
  const result = perm.map((axis) => shape[axis]!);
  const steps = perm.map((axis) => strides[axis]!);
  const out = p.newLike(data, data.length);
  const index = new Array<number>(rank).fill(0);
  const width = result.at(-1) ?? 1;
  const step = steps.at(-1) ?? 1;
  let offset = 0;
  for (let to = 0; to < out.length; to += width) {
    if (step === 1) out.set(data.subarray(offset, offset + width), to);
    else for (let i = 0; i < width; i++) out[to + i] = data[offset + i * step]!;
    for (let axis = rank - 2; axis >= 0; axis--) {
      offset += steps[axis]!;
      if (++index[axis]! < result[axis]!) break;
      offset -= steps[axis]! * result[axis]!;
      index[axis] = 0;
    }
  }
  return { shape: result, data: out };
}
