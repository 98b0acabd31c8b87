import type { KernelTable, Operands } from "./kernel.ts";
import { floats, invalid, sizeOf, type Tensor } from "./value.ts";

/** A mask value from here down gives a weight of exactly 0 in single precision, next to any visible key. */
const HIDDEN = -5000;

/** Offsets of the matrices of a batch: a size of 1 is used again for all. */
function batchOffsets(shape: readonly number[], batch: readonly number[], matrix: number): Int32Array {
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

function batchShape(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length)) - 2;
  return Array.from({ length: rank }, (_, axis) =>
    Math.max(...shapes.map((shape) => shape[axis - rank + shape.length - 2] ?? 1)),
  );
}

function matmul(p: Operands): Tensor {
  const [x, y] = [p.tensor("x"), p.tensor("y")];
  if (p.flag("transpose_x", false)) throw invalid("matmul with transpose_x is not executed");
  const transposed = p.flag("transpose_y", false);
  const [a, b] = [floats(x, "matmul"), floats(y, "matmul")];
  const [rows, inner] = x.shape.slice(-2) as [number, number];
  const columns = y.shape.at(transposed ? -2 : -1)!;
  const batch = batchShape(x.shape, y.shape);
  const [left, right] = [
    batchOffsets(x.shape, batch, rows * inner),
    batchOffsets(y.shape, batch, inner * columns),
  ];
  const data = new Float32Array(left.length * rows * columns);
  for (let n = 0; n < left.length; n++) {
    for (let row = 0; row < rows; row++) {
      const from = left[n]! + row * inner;
      const to = (n * rows + row) * columns;
      if (transposed) dotRows(a, from, { keys: b, begin: right[n]!, count: columns, width: inner }, data, to);
      else {
        for (let i = 0; i < inner; i++)
          addScaled(data, to, b, right[n]! + i * columns, columns, a[from + i]!);
      }
    }
  }
  return { shape: [...batch, rows, columns], data };
}

interface Rows {
  readonly keys: Float32Array;
  readonly begin: number;
  readonly count: number;
  readonly width: number;
}

/** Products of one row with `count` others, into `out` from `to` on. */
function dotRows(
  query: Float32Array,
  from: number,
  { keys, begin, count, width }: Rows,
  out: Float32Array,
  to: number,
): void {
  for (let key = 0; key < count; key++) {
    const at = begin + key * width;
    let sum = 0;
    for (let i = 0; i < width; i++) sum += query[from + i]! * keys[at + i]!;
    out[to + key] = sum;
  }
}

function addScaled(
  out: Float32Array,
  to: number,
  values: Float32Array,
  from: number,
  width: number,
  factor: number,
): void {
  for (let i = 0; i < width; i++) out[to + i]! += factor * values[from + i]!;
}

/** What of a row of keys is visible: everything outside of `[first, end)` is hidden. */
function visible(mask: Float32Array, offset: number, keys: number): { first: number; end: number } {
  let first = 0;
  let end = keys;
  while (first < end && mask[offset + first]! <= HIDDEN) first++;
  while (end > first && mask[offset + end - 1]! <= HIDDEN) end--;
  // A row that hides all keys still mixes them, by the differences of its mask.
  return first === end ? { first: 0, end: keys } : { first, end };
}

/** Additive form of a mask: a boolean one hides what is false. */
function additive({ data }: Tensor): Float32Array {
  if (data instanceof Float32Array) return data;
  return Float32Array.from(data, (seen) => (seen === 0 ? Number.NEGATIVE_INFINITY : 0));
}

/** softmax(q·kᵀ / sqrt(E) + mask) · v; the cost follows the visible keys, not the size of the cache. */
function scaledDotProductAttention(p: Operands): Tensor {
  const [query, key, value] = [p.tensor("query"), p.tensor("key"), p.tensor("value")];
  const [q, k, v] = [floats(query, "attention"), floats(key, "attention"), floats(value, "attention")];
  const [rows, width] = query.shape.slice(-2) as [number, number];
  const keys = key.shape.at(-2)!;
  const out = value.shape.at(-1)!;
  const batch = query.shape.slice(0, -2);
  const maskTensor = p.optional("attn_mask");
  const mask = maskTensor ? additive(maskTensor) : new Float32Array(keys);
  const [maskRows, maskKeys] = (maskTensor?.shape ?? [1, keys]).slice(-2) as [number, number];
  if (maskKeys !== keys) throw invalid(`the attention mask covers ${maskKeys} keys of ${keys}`);
  const maskAt = batchOffsets(maskTensor?.shape ?? [1, keys], batch, maskRows * keys);
  const keyAt = batchOffsets(key.shape, batch, keys * width);
  const valueAt = batchOffsets(value.shape, batch, keys * out);
  const data = new Float32Array(keyAt.length * rows * out);
  const weights = new Float32Array(keys);
  const scale = 1 / Math.sqrt(width);
  for (let n = 0; n < keyAt.length; n++) {
    for (let row = 0; row < rows; row++) {
      const offset = maskAt[n]! + (maskRows === 1 ? 0 : row * keys);
      const { first, end } = visible(mask, offset, keys);
      const begin = keyAt[n]! + first * width;
      dotRows(q, (n * rows + row) * width, { keys: k, begin, count: end - first, width }, weights, first);
      let largest = Number.NEGATIVE_INFINITY;
      for (let i = first; i < end; i++) {
        weights[i] = weights[i]! * scale + mask[offset + i]!;
        if (weights[i]! > largest) largest = weights[i]!;
      }
      let total = 0;
      for (let i = first; i < end; i++) total += weights[i] = Math.exp(weights[i]! - largest);
      const to = (n * rows + row) * out;
      for (let i = first; i < end; i++)
        addScaled(data, to, v, valueAt[n]! + i * out, out, weights[i]! / total);
    }
  }
  return { shape: [...batch, rows, out], data };
}

export const ATTENTION: KernelTable = { matmul, scaled_dot_product_attention: scaledDotProductAttention };
