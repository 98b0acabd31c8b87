import type { KernelTable, Operands } from "./kernel.ts";
import { floats, invalid, normalAxis, sizeOf, type Tensor } from "./value.ts";

/** Reduces over the last axes; others are not met in decoders. Sums are in double precision. */
function reduceTail(
  p: Operands,
  name: string,
  fold: (values: Float32Array, begin: number, end: number) => number,
): Tensor {
  const x = p.tensor("x");
  const from = floats(x, name);
  const rank = x.shape.length;
  const axes = p
    .numbers("axes")
    .map((axis) => normalAxis(axis, rank))
    .sort((a, b) => a - b);
  const first = axes[0] ?? rank;
  if (axes.length !== rank - first)
    throw invalid(`${name} over other axes than the last ones is not executed`);
  const width = sizeOf(x.shape.slice(first));
  const data = new Float32Array(from.length / width);
  for (let row = 0; row < data.length; row++) data[row] = fold(from, row * width, (row + 1) * width);
  const kept = p.flag("keep_dims", false) ? axes.map(() => 1) : [];
  return { shape: [...x.shape.slice(0, first), ...kept], data };
}

function sum(values: Float32Array, begin: number, end: number): number {
  let total = 0;
  for (let i = begin; i < end; i++) total += values[i]!;
  return total;
}

function largest(values: Float32Array, begin: number, end: number): number {
  let best = values[begin]!;
  for (let i = begin + 1; i < end; i++) if (values[i]! > best) best = values[i]!;
  return best;
}

function softmax(x: Tensor, axis: number): Tensor {
  if (normalAxis(axis, x.shape.length) !== x.shape.length - 1)
    throw invalid("softmax over an inner axis is not executed");
  const from = floats(x, "softmax");
  const data = new Float32Array(from.length);
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
  const from = floats(x, "layer_norm");
  const axes = p.numbers("axes").map((axis) => normalAxis(axis, x.shape.length));
  const width = sizeOf(axes.map((axis) => x.shape[axis]!));
  if (Math.min(...axes) !== x.shape.length - axes.length)
    throw invalid("layer_norm over inner axes is not executed");
  const [gamma, beta] = [p.optional("gamma")?.data, p.optional("beta")?.data];
  const epsilon = p.number("epsilon", 1e-5);
  const data = new Float32Array(from.length);
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

export const REDUCTIONS: KernelTable = {
  reduce_sum: (p) => reduceTail(p, "reduce_sum", sum),
  reduce_mean: (p) =>
    reduceTail(p, "reduce_mean", (values, begin, end) => sum(values, begin, end) / (end - begin)),
  reduce_max: (p) => reduceTail(p, "reduce_max", largest),
  reduce_min: (p) =>
    reduceTail(p, "reduce_min", (values, begin, end) =>
      values.subarray(begin, end).reduce((a, b) => Math.min(a, b)),
    ),
  reduce_sum_square: (p) =>
    reduceTail(p, "reduce_sum_square", (values, begin, end) => {
      let total = 0;
      for (let i = begin; i < end; i++) total += values[i]! * values[i]!;
      return total;
    }),
  softmax: (p) => softmax(p.tensor("x"), p.number("axis", -1)),
  layer_norm: layerNorm,
};
