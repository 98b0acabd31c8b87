import { invalid, sameShape, sizeOf, stridesOf, type Tensor } from "./value.ts";

/** A run of pairs: where it begins in both operands and in the result, and how far their neighbors are apart. */
export interface Row {
  a: number;
  b: number;
  to: number;
  readonly stepA: number;
  readonly stepB: number;
  readonly width: number;
}

/** The shape of `x ∘ y` by numpy's rule. */
export function broadcast(a: readonly number[], b: readonly number[]): readonly number[] {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw invalid(`shapes [${a}] and [${b}] do not broadcast`);
    return x === 1 ? y : x;
  });
}

/** Calls `each` for all rows of `x ∘ y` of that `shape`; operands of one shape, and scalars, are one row. */
export function eachRow(x: Tensor, y: Tensor, shape: readonly number[], each: (row: Row) => void): void {
  const count = sizeOf(shape);
  if (count === 0) return;
  const [single, other] = [x.data.length === 1, y.data.length === 1];
  if (single || other || sameShape(x.shape, y.shape)) {
    each({ a: 0, b: 0, to: 0, stepA: single ? 0 : 1, stepB: other ? 0 : 1, width: count });
    return;
  }
  const [left, right] = [broadcastStrides(x.shape, shape), broadcastStrides(y.shape, shape)];
  const last = shape.length - 1;
  const row = { a: 0, b: 0, to: 0, stepA: left[last]!, stepB: right[last]!, width: shape[last]! };
  const index = new Array<number>(shape.length).fill(0);
  for (; row.to < count; row.to += row.width) {
    each(row);
    for (let axis = last - 1; axis >= 0; axis--) {
      row.a += left[axis]!;
      row.b += right[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      row.a -= left[axis]! * shape[axis]!;
      row.b -= right[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
}

/** Steps through `shape` as if it were `target`: a size of 1 is a step of 0. */
export function broadcastStrides(shape: readonly number[], target: readonly number[]): number[] {
  const strides = stridesOf(shape);
  const missing = target.length - shape.length;
  return target.map((_, axis) =>
    axis < missing || shape[axis - missing] === 1 ? 0 : strides[axis - missing]!,
  );
}
