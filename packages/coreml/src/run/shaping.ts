import { gatherRows } from "./gather.ts";
import type { KernelTable, Operands } from "./kernel.ts";
import { transpose } from "./transpose.ts";
import { invalid, normalAxis, sizeOf, type Tensor, unsupported } from "./value.ts";

function concat(p: Operands, values: readonly Tensor[], axis: number): Tensor {
  const parts = values.map(({ shape, data }) => ({ shape: shape.length === 0 ? [1] : shape, data }));
  const first = parts[0];
  if (first === undefined) throw invalid("concat of nothing");
  const place = normalAxis(axis, first.shape.length);
  const fits = ({ shape }: Tensor) =>
    shape.length === first.shape.length &&
    shape.every((size, index) => index === place || size === first.shape[index]);
  const misfit = parts.find((part) => !fits(part));
  if (misfit) throw invalid(`concat of [${first.shape}] and [${misfit.shape}] along axis ${place}`);
  const outer = sizeOf(first.shape.slice(0, place));
  const size = parts.reduce((sum, { shape }) => sum + shape[place]!, 0);
  const total = size * sizeOf(first.shape.slice(place + 1));
  const data = p.newLike(first.data, outer * total);
  let begin = 0;
  for (const part of parts) {
    const width = part.data.length / Math.max(1, outer);
    for (let row = 0; row < outer; row++)
      data.set(part.data.subarray(row * width, (row + 1) * width), row * total + begin);
    begin += width;
  }
  return { shape: first.shape.with(place, size), data };
}

function split(p: Operands): Tensor[] {
  const x = p.tensor("x");
  const axis = normalAxis(p.number("axis"), x.shape.length);
  const size = x.shape[axis]!;
  const sizes = p.optional("split_sizes")
    ? Array.from(p.numbers("split_sizes"))
    : new Array<number>(p.number("num_splits")).fill(size / p.number("num_splits"));
  if (sizes.reduce((sum, part) => sum + part, 0) !== size || !sizes.every(Number.isInteger))
    throw invalid(`split of an axis of ${size} into [${sizes}]`);
  const outer = sizeOf(x.shape.slice(0, axis));
  const inner = sizeOf(x.shape.slice(axis + 1));
  let from = 0;
  return sizes.map((part) => {
    const width = part * inner;
    const data = p.newLike(x.data, outer * width);
    for (let row = 0; row < outer; row++) {
      const begin = row * size * inner + from;
      data.set(x.data.subarray(begin, begin + width), row * width);
    }
    from += width;
    return { shape: x.shape.with(axis, part), data };
  });
}

function tile(p: Operands): Tensor {
  const x = p.tensor("x");
  const reps = p.numbers("reps");
  if (reps.length !== x.shape.length) throw invalid(`tile of [${x.shape}] by [${Array.from(reps)}]`);
  let result = x;
  for (let axis = x.shape.length - 1; axis >= 0; axis--) {
    if (reps[axis] !== 1) result = concat(p, new Array<Tensor>(reps[axis]!).fill(result), axis);
  }
  return result;
}

function reshape(p: Operands): Tensor {
  const x = p.tensor("x");
  const wanted = Array.from(p.numbers("shape"));
  const known = wanted.map((size, axis) => (size === 0 ? (x.shape[axis] ?? 0) : size));
  const rest = known.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const shape = known.map((size) => (size === -1 ? x.data.length / rest : size));
  if (sizeOf(shape) !== x.data.length || !shape.every(Number.isInteger))
    throw invalid(`reshape of [${x.shape}] to [${wanted}]`);
  return { shape, data: x.data };
}

function expandDims(p: Operands): Tensor {
  const { shape, data } = p.tensor("x");
  const axes = Array.from(p.numbers("axes"));
  const rank = shape.length + axes.length;
  const places = new Set(axes.map((axis) => normalAxis(axis, rank)));
  if (places.size !== axes.length) throw invalid(`expand_dims with the axes [${axes}]`);
  const rest = [...shape];
  return { shape: Array.from({ length: rank }, (_, axis) => (places.has(axis) ? 1 : rest.shift()!)), data };
}

function squeeze(p: Operands): Tensor {
  const { shape, data } = p.tensor("x");
  if (p.optional("axes") === undefined) return { shape: shape.filter((size) => size !== 1), data };
  const axes = Array.from(p.numbers("axes"), (axis) => normalAxis(axis, shape.length));
  if (axes.some((axis) => shape[axis] !== 1)) throw invalid(`squeeze of the axes [${axes}] of [${shape}]`);
  return { shape: shape.filter((_, axis) => !axes.includes(axis)), data };
}

export const SHAPING: KernelTable = {
  reshape,
  expand_dims: expandDims,
  squeeze,
  transpose: (p) => {
    const x = p.tensor("x");
    const perm = Array.from(p.numbers("perm"), (axis) => normalAxis(axis, x.shape.length));
    return transpose(p, x, perm);
  },
  concat: (p) => {
    if (p.flag("interleave", false)) throw unsupported("concat with interleave");
    return concat(p, p.list("values"), p.number("axis"));
  },
  stack: (p) => {
    const values = p.list("values");
    const rank = (values[0]?.shape.length ?? 0) + 1;
    const axis = normalAxis(p.number("axis"), rank);
    const widened = values.map(({ shape, data }) => ({ shape: shape.toSpliced(axis, 0, 1), data }));
    return concat(p, widened, axis);
  },
  split,
  tile,
  gather: (p) => {
    const places = { axis: p.number("axis", 0), batchDims: p.number("batch_dims", 0) };
    return gatherRows(p, p.tensor("x"), p.tensor("indices"), places);
  },
  shape: (p) => {
    const { shape } = p.tensor("x");
    return { shape: [shape.length], data: Int32Array.from(shape) };
  },
};
