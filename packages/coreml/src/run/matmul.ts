import { broadcast } from "./broadcast.ts";
import { inTurns, type Kernel, type Operands } from "./kernel.ts";
import { dotRows, mixRows } from "./products.ts";
import { transpose } from "./transpose.ts";
import { floats, invalid, sizeOf, type Tensor, unsupported } from "./value.ts";

/** Offsets of the matrices of a batch: a size of 1 is used again for all. */
export function batchOffsets(shape: readonly number[], batch: readonly number[], matrix: number): Int32Array {
  const own = shape.slice(0, -2);
  const missing = batch.length - own.length;
  const offsets = new Int32Array(sizeOf(batch));
  for (let index = 0; index < offsets.length; index++) {
    let rest = index;
    let offset = 0;
    let step = matrix;
    for (let axis = batch.length - 1; axis >= 0; axis--) {
      const at = rest % batch[axis]!;
      rest = Math.floor(rest / batch[axis]!);
      const size = axis < missing ? 1 : own[axis - missing]!;
      if (size !== 1) offset += at * step;
      step *= size;
    }
    offsets[index] = offset;
  }
  return offsets;
}

/** Exchanges the last two axes. */
function turned(p: Operands, x: Tensor): Tensor {
  const rank = x.shape.length;
  return transpose(p, x, [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2]);
}

export const matmul: Kernel = (p) => {
  const [first, y] = [p.tensor("x"), p.tensor("y")];
  if (first.shape.length < 2 || y.shape.length < 2) throw unsupported("matmul of vectors");
  const x = p.flag("transpose_x", false) ? turned(p, first) : first;
  const transposed = p.flag("transpose_y", false);
  const [a, b] = [floats(x, "matmul"), floats(y, "matmul")];
  const [rows, inner] = x.shape.slice(-2) as [number, number];
  const columns = y.shape.at(transposed ? -2 : -1)!;
  if (y.shape.at(transposed ? -1 : -2) !== inner)
    throw invalid(`matmul of [${x.shape}] and [${y.shape}]${transposed ? " transposed" : ""}`);
  const batch = broadcast(x.shape.slice(0, -2), y.shape.slice(0, -2));
  const left = batchOffsets(x.shape, batch, rows * inner);
  const right = batchOffsets(y.shape, batch, inner * columns);
  const data = p.newFloats(left.length * rows * columns);
  const row = (index: number) => {
    const n = Math.floor(index / rows);
    const from = left[n]! + (index % rows) * inner;
    const begin = right[n]!;
    if (transposed)
      dotRows(a, from, { values: b, begin, count: columns, width: inner }, data, index * columns);
    else mixRows(a, from, { values: b, begin, count: inner, width: columns }, data, index * columns);
  };
  const run = (begin: number, end: number) => {
    for (let index = begin; index < end; index++) row(index);
  };
  const parts = { count: left.length * rows, cost: inner * columns, run };
  return inTurns(p, parts, { shape: [...batch, rows, columns], data });
};
