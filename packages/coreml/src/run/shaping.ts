import type { KernelTable, Operands } from "./kernel.ts";
import { invalid, like, newData, normalAxis, sizeOf, stridesOf, type Tensor } from "./value.ts";

/** The part of a tensor that begin, end, stride and their masks name, as numpy reads them. */
interface Region {
  readonly begin: readonly number[];
  readonly stride: readonly number[];
  readonly sizes: readonly number[];
  /** Sizes without the squeezed axes. */
  readonly shape: readonly number[];
}

function regionOf(p: Operands, shape: readonly number[]): Region {
  const rank = shape.length;
  const [first, last] = [p.numbers("begin"), p.numbers("end")];
  const steps = p.optional("stride") ? p.numbers("stride") : new Array<number>(rank).fill(1);
  const mask = (name: string) => (p.optional(name) ? p.numbers(name) : new Array<number>(rank).fill(0));
  const [open, endless, squeeze] = [mask("begin_mask"), mask("end_mask"), mask("squeeze_mask")];
  const begin: number[] = [];
  const sizes: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const [size, step] = [shape[axis]!, steps[axis]!];
    if (step < 1) throw invalid("slices with a negative stride are not executed");
    const clamp = (at: number) => Math.min(size, Math.max(0, at < 0 ? at + size : at));
    const from = open[axis] ? 0 : clamp(first[axis]!);
    const to = squeeze[axis] ? from + 1 : endless[axis] ? size : clamp(last[axis]!);
    begin.push(from);
    sizes.push(Math.max(0, Math.ceil((to - from) / step)));
  }
  return { begin, stride: steps, sizes, shape: sizes.filter((_, axis) => !squeeze[axis]) };
}

/** Calls `row` with the offset in the tensor of each run along the last axis, in order. */
function eachRow(
  { begin, stride, sizes }: Region,
  shape: readonly number[],
  row: (offset: number) => void,
): void {
  const strides = stridesOf(shape);
  const index = new Array<number>(shape.length).fill(0);
  const rows = sizeOf(sizes.slice(0, -1));
  for (let count = 0; count < rows; count++) {
    let offset = 0;
    for (let axis = 0; axis < shape.length; axis++)
      offset += (begin[axis]! + index[axis]! * stride[axis]!) * strides[axis]!;
    row(offset);
    for (let axis = shape.length - 2; axis >= 0; axis--) {
      if (++index[axis]! < sizes[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** Whether the region is one stretch of memory. */
function isContiguous({ sizes, stride }: Region, shape: readonly number[]): boolean {
  const partial = sizes.findIndex((size) => size !== 1);
  if (partial < 0) return true;
  return (
    stride[partial] === 1 &&
    sizes
      .slice(partial + 1)
      .every((size, index) => size === shape[partial + 1 + index] && stride[partial + 1 + index] === 1)
  );
}

function slice(p: Operands): Tensor {
  const x = p.tensor("x");
  const region = regionOf(p, x.shape);
  const count = sizeOf(region.sizes);
  if (isContiguous(region, x.shape)) {
    const strides = stridesOf(x.shape);
    const offset = region.begin.reduce((sum, at, axis) => sum + at * strides[axis]!, 0);
    return { shape: region.shape, data: x.data.subarray(offset, offset + count) };
  }
  const data = like(x.data, count);
  const width = region.sizes.at(-1) ?? 1;
  const step = region.stride.at(-1) ?? 1;
  let to = 0;
  eachRow(region, x.shape, (offset) => {
    if (step === 1) data.set(x.data.subarray(offset, offset + width), to);
    else for (let i = 0; i < width; i++) data[to + i] = x.data[offset + i * step]!;
    to += width;
  });
  return { shape: region.shape, data };
}

/** Writes `update` into the region of `target`, in place. */
export function writeSlice(target: Tensor, p: Operands): void {
  const update = p.tensor("update");
  const region = regionOf(p, target.shape);
  if (region.shape.join() !== update.shape.join()) {
    throw invalid(`slice_update: the slice is [${region.shape}], the update [${update.shape}]`);
  }
  const width = region.sizes.at(-1) ?? 1;
  if ((region.stride.at(-1) ?? 1) !== 1)
    throw invalid("slice_update with a stride along the last axis is not executed");
  let from = 0;
  eachRow(region, target.shape, (offset) => {
    target.data.set(update.data.subarray(from, from + width), offset);
    from += width;
  });
}

function transpose({ shape, data }: Tensor, perm: readonly number[]): Tensor {
  const strides = stridesOf(shape);
  const result = perm.map((axis) => shape[axis]!);
  const steps = perm.map((axis) => strides[axis]!);
  const out = like(data, data.length);
  const index = new Array<number>(shape.length).fill(0);
  const width = result.at(-1) ?? 1;
  const step = steps.at(-1) ?? 1;
  let offset = 0;
  for (let to = 0; to < out.length; to += width) {
    if (step === 1) out.set(data.subarray(offset, offset + width), to);
    else for (let i = 0; i < width; i++) out[to + i] = data[offset + i * step]!;
    for (let axis = result.length - 2; axis >= 0; axis--) {
      offset += steps[axis]!;
      if (++index[axis]! < result[axis]!) break;
      offset -= steps[axis]! * result[axis]!;
      index[axis] = 0;
    }
  }
  return { shape: result, data: out };
}

function concat(values: readonly Tensor[], axis: number): Tensor {
  const first = values[0];
  if (first === undefined) throw invalid("concat of nothing");
  const place = normalAxis(axis, first.shape.length);
  const outer = sizeOf(first.shape.slice(0, place));
  const widths = values.map(({ data }) => data.length / outer);
  const total = widths.reduce((sum, width) => sum + width, 0);
  const data = like(first.data, outer * total);
  for (let row = 0; row < outer; row++) {
    let to = row * total;
    values.forEach((value, index) => {
      const width = widths[index]!;
      data.set(value.data.subarray(row * width, (row + 1) * width), to);
      to += width;
    });
  }
  const size = values.reduce((sum, { shape }) => sum + shape[place]!, 0);
  return { shape: first.shape.with(place, size), data };
}

function split(x: Tensor, sizes: readonly number[], axis: number): Tensor[] {
  const outer = sizeOf(x.shape.slice(0, axis));
  const inner = sizeOf(x.shape.slice(axis + 1));
  const whole = x.shape[axis]! * inner;
  let from = 0;
  return sizes.map((size) => {
    const width = size * inner;
    const data = like(x.data, outer * width);
    for (let row = 0; row < outer; row++) {
      const begin = row * whole + from;
      data.set(x.data.subarray(begin, begin + width), row * width);
    }
    from += width;
    return { shape: x.shape.with(axis, size), data };
  });
}

function tile(x: Tensor, reps: readonly number[]): Tensor {
  let result = x;
  for (let axis = x.shape.length - 1; axis >= 0; axis--) {
    const copies = reps[axis]!;
    if (copies > 1) result = concat(new Array<Tensor>(copies).fill(result), axis);
  }
  return result;
}

/** Rows `indices` of `x` along `axis`. */
export function gatherRows(x: Tensor, indices: Tensor, axis: number): Tensor {
  const place = normalAxis(axis, x.shape.length);
  const outer = sizeOf(x.shape.slice(0, place));
  const inner = sizeOf(x.shape.slice(place + 1));
  const size = x.shape[place]!;
  const data = like(x.data, outer * indices.data.length * inner);
  let to = 0;
  for (let row = 0; row < outer; row++) {
    for (const index of indices.data) {
      const at = index < 0 ? index + size : index;
      if (at < 0 || at >= size) throw invalid(`gather: index ${index} is outside of 0 … ${size - 1}`);
      const from = (row * size + at) * inner;
      data.set(x.data.subarray(from, from + inner), to);
      to += inner;
    }
  }
  return { shape: [...x.shape.slice(0, place), ...indices.shape, ...x.shape.slice(place + 1)], data };
}

function reshaped(x: Tensor, wanted: readonly number[]): Tensor {
  const known = wanted.map((size, axis) => (size === 0 ? x.shape[axis]! : size));
  const rest = known.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const shape = known.map((size) => (size === -1 ? x.data.length / rest : size));
  if (sizeOf(shape) !== x.data.length) throw invalid(`reshape of [${x.shape}] to [${wanted}]`);
  return { shape, data: x.data };
}

const CASTS: Readonly<Record<string, "float" | "int" | "bool">> = {
  fp16: "float",
  fp32: "float",
  int32: "int",
  int16: "int",
  uint16: "int",
  int8: "int",
  uint8: "int",
  bool: "bool",
};

function cast({ shape, data }: Tensor, dtype: string): Tensor {
  const kind = CASTS[dtype];
  if (kind === undefined) throw invalid(`cast to ${dtype}`);
  const out = newData(kind, data.length);
  for (let i = 0; i < data.length; i++)
    out[i] =
      kind === "bool"
        ? Number(data[i] !== 0)
        : Math.trunc(data[i]!) === data[i] || kind === "float"
          ? data[i]!
          : Math.trunc(data[i]!);
  return { shape, data: out };
}

export const SHAPING: KernelTable = {
  reshape: (p) => reshaped(p.tensor("x"), p.numbers("shape")),
  expand_dims: (p) => {
    const { shape, data } = p.tensor("x");
    const rank = shape.length + p.numbers("axes").length;
    const axes = new Set(p.numbers("axes").map((axis) => normalAxis(axis, rank)));
    const rest = [...shape];
    return { shape: Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : rest.shift()!)), data };
  },
  squeeze: (p) => {
    const { shape, data } = p.tensor("x");
    const axes = p.optional("axes")
      ? p.numbers("axes").map((axis) => normalAxis(axis, shape.length))
      : undefined;
    return { shape: shape.filter((size, axis) => (axes ? !axes.includes(axis) : size !== 1)), data };
  },
  transpose: (p) => transpose(p.tensor("x"), p.numbers("perm")),
  concat: (p) => concat(p.list("values"), p.number("axis")),
  split: (p) => {
    const x = p.tensor("x");
    const axis = normalAxis(p.number("axis"), x.shape.length);
    if (p.optional("split_sizes")) return split(x, p.numbers("split_sizes"), axis);
    const parts = p.number("num_splits");
    return split(x, new Array<number>(parts).fill(x.shape[axis]! / parts), axis);
  },
  tile: (p) => tile(p.tensor("x"), p.numbers("reps")),
  gather: (p) => gatherRows(p.tensor("x"), p.tensor("indices"), p.number("axis", 0)),
  shape: (p) => {
    const { shape } = p.tensor("x");
    return { shape: [shape.length], data: Int32Array.from(shape) };
  },
  slice_by_index: slice,
  slice_update: (p) => {
    const x = p.tensor("x");
    const copy: Tensor = { shape: x.shape, data: x.data.slice() };
    writeSlice(copy, p);
    return copy;
  },
  cast: (p) => cast(p.tensor("x"), p.text("dtype", "")),
};
