import type { Kernel, KernelTable, Operands } from "./kernel.ts";
import { transpose } from "./transpose.ts";
import { floats, normalAxis, sizeOf, type Tensor } from "./value.ts";

/** Folds one row of values to a number. Sums are in double precision. */
type Fold = (values: Float32Array, begin: number, end: number) => number;

/** `axes`, or all axes when they are not written; ascending. */
function axesOf(p: Operands, rank: number): number[] {
  const axes = p.optional("axes") ? Array.from(p.numbers("axes")) : Array.from({ length: rank }, (_, i) => i);
  return axes.map((axis) => normalAxis(axis, rank)).sort((a, b) => a - b);
}

/** `x` with these axes moved to the end, where a row of them is one stretch of memory. */
function withAxesLast(p: Operands, x: Tensor, axes: readonly number[]): Tensor {
  const rank = x.shape.length;
  if (axes[0] === rank - axes.length) return x;
  const others = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  return transpose(p, x, [...others, ...axes]);
}

const reduction =
  (name: string, fold: Fold): Kernel =>
  (p) => {
    const x = p.tensor("x");
    const axes = axesOf(p, x.shape.length);
    const from = floats(withAxesLast(p, x, axes), name);
    const width = sizeOf(axes.map((axis) => x.shape[axis]!));
    const data = p.newFloats(from.length / width);
    for (let row = 0; row < data.length; row++) data[row] = fold(from, row * width, (row + 1) * width);
    const keep = p.flag("keep_dims", false);
    const shape = keep
      ? x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
      : x.shape.filter((_, axis) => !axes.includes(axis));
    return { shape, data };
  };

function sum(values: Float32Array, begin: number, end: number): number {
  let total = 0;
  for (let i = begin; i < end; i++) total += values[i]!;
  return total;
}

function sumOfSquares(values: Float32Array, begin: number, end: number): number {
  let total = 0;
  for (let i = begin; i < end; i++) total += values[i]! * values[i]!;
  return total;
}

function largest(values: Float32Array, begin: number, end: number): number {
  let best = values[begin]!;
  for (let i = begin + 1; i < end; i++) best = Math.max(best, values[i]!);
  return best;
}

function smallest(values: Float32Array, begin: number, end: number): number {
  let best = values[begin]!;
  for (let i = begin + 1; i < end; i++) best = Math.min(best, values[i]!);
  return best;
}

function softmax(p: Operands): Tensor {
  const x = p.tensor("x");
  const axis = normalAxis(p.number("axis", -1), x.shape.length);
  const last = x.shape.length - 1;
  if (axis === last) return softmaxRows(p, x);
  // Exchanging two axes twice puts them back.
  const exchange = x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
  return transpose(p, softmaxRows(p, transpose(p, x, exchange)), exchange);
}

function softmaxRows(p: Operands, x: Tensor): Tensor {
  const from = floats(x, "softmax");
  const data = p.newFloats(from.length);
  const width = x.shape.at(-1)!;
  for (let begin = 0; begin < from.length; begin += width) {
    const top = largest(from, begin, begin + width);
    let total = 0;
    for (let i = begin; i < begin + width; i++) total += data[i] = Math.exp(from[i]! - top);
    for (let i = begin; i < begin + width; i++) data[i]! /= total;
  }
  return { shape: x.shape, data };
}

function layerNorm(p: Operands): Tensor {
  const x = p.tensor("x");
  const rank = x.shape.length;
  const axes = axesOf(p, rank);
  const moved = withAxesLast(p, x, axes);
  const normed = normRows(p, moved, sizeOf(axes.map((axis) => x.shape[axis]!)));
  if (moved === x) return normed;
  const others = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const order = [...others, ...axes];
  return transpose(
    p,
    normed,
    order.map((_, axis) => order.indexOf(axis)),
  );
}

function normRows(p: Operands, x: Tensor, width: number): Tensor {
  const from = floats(x, "layer_norm");
  const [gamma, beta] = [p.optional("gamma")?.data, p.optional("beta")?.data];
  const epsilon = p.number("epsilon", 1e-5);
  const data = p.newFloats(from.length);
  for (let begin = 0; begin < from.length; begin += width) {
    const mean = sum(from, begin, begin + width) / width;
    let variance = 0;
    for (let i = begin; i < begin + width; i++) variance += (from[i]! - mean) ** 2;
    const inverse = 1 / Math.sqrt(variance / width + epsilon);
    for (let i = 0; i < width; i++) {
      data[begin + i] = (from[begin + i]! - mean) * inverse * (gamma?.[i] ?? 1) + (beta?.[i] ?? 0);
    }
  }
  return { shape: x.shape, data };
}

function argmax(p: Operands): Tensor {
  const x = p.tensor("x");
  const axis = normalAxis(p.number("axis", -1), x.shape.length);
  const from = floats(withAxesLast(p, x, [axis]), "reduce_argmax");
  const width = x.shape[axis]!;
  const data = new Int32Array(from.length / width);
  for (let row = 0; row < data.length; row++) {
    for (let i = 1; i < width; i++)
      if (from[row * width + i]! > from[row * width + data[row]!]!) data[row] = i;
  }
  const shape = p.flag("keep_dims", true) ? x.shape.with(axis, 1) : x.shape.toSpliced(axis, 1);
  return { shape, data };
}

export const REDUCTIONS: KernelTable = {
  reduce_sum: reduction("reduce_sum", sum),
  reduce_mean: reduction("reduce_mean", (values, begin, end) => sum(values, begin, end) / (end - begin)),
  reduce_max: reduction("reduce_max", largest),
  reduce_min: reduction("reduce_min", smallest),
  reduce_sum_square: reduction("reduce_sum_square", sumOfSquares),
  reduce_l2_norm: reduction("reduce_l2_norm", (values, begin, end) =>
    Math.sqrt(sumOfSquares(values, begin, end)),
  ),
  reduce_argmax: argmax,
  softmax,
  layer_norm: layerNorm,
};
