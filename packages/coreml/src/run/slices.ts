import type { Kernel, KernelTable, Operands } from "./kernel.ts";
import { invalid, sizeOf, stridesOf, type Tensor, unsupported } from "./value.ts";

/** The part of a tensor that begin, end, stride and their masks name, as numpy reads them. */
interface Region {
  readonly begin: readonly number[];
  readonly stride: readonly number[];
  readonly sizes: readonly number[];
  /** Sizes without the squeezed axes. */
  readonly shape: readonly number[];
}

function regionOf(p: Operands, shape: readonly number[]): Region {
  const [first, last] = [p.numbers("begin"), p.numbers("end")];
  const vector = (name: string) => p.optional(name)?.data;
  const [steps, open, endless] = [vector("stride"), vector("begin_mask"), vector("end_mask")];
  const squeeze = vector("squeeze_mask");
  const begin: number[] = [];
  const stride: number[] = [];
  const sizes: number[] = [];
  const kept: number[] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis]!;
    const step = steps?.[axis] ?? 1;
    const from = open?.[axis] ? 0 : fromEnd(first[axis]!, size);
    if (squeeze?.[axis]) {
      if (from < 0 || from >= size) throw invalid(`index ${first[axis]} of an axis of size ${size}`);
      begin.push(from);
      stride.push(1);
      sizes.push(1);
      continue;
    }
    if (step < 1) throw unsupported("slices with a negative stride");
    const start = clamp(from, size);
    const stop = endless?.[axis] ? size : clamp(fromEnd(last[axis]!, size), size);
    const count = Math.max(0, Math.ceil((stop - start) / step));
    begin.push(start);
    stride.push(step);
    sizes.push(count);
    kept.push(count);
  }
  return { begin, stride, sizes, shape: kept };
}

/** Counts a negative place from the end. */
function fromEnd(at: number, size: number): number {
  return at < 0 ? at + size : at;
}

function clamp(at: number, size: number): number {
  return Math.min(size, Math.max(0, at));
}

/** Calls `row` with the offset in the tensor of each run along the last axis, in order. */
function eachRun(
  { begin, stride, sizes }: Region,
  shape: readonly number[],
  row: (offset: number) => void,
): void {
  if (sizeOf(sizes) === 0) return;
  const strides = stridesOf(shape);
  const index = new Array<number>(shape.length).fill(0);
  const runs = sizeOf(sizes.slice(0, -1));
  for (let count = 0; count < runs; count++) {
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

/** Whether the region is one stretch of memory: whole axes after the first one of which it has several entries. */
function isContiguous({ sizes, stride }: Region, shape: readonly number[]): boolean {
  const partial = sizes.findIndex((size) => size !== 1);
  if (partial < 0) return true;
  if (stride[partial] !== 1) return false;
  for (let axis = partial + 1; axis < shape.length; axis++) if (sizes[axis] !== shape[axis]) return false;
  return true;
}

/** Shares memory with `x` where the region is one stretch of it. */
function slice(p: Operands, x: Tensor, region: Region): Tensor {
  const count = sizeOf(region.sizes);
  if (isContiguous(region, x.shape)) {
    const strides = stridesOf(x.shape);
    let offset = 0;
    for (let axis = 0; axis < x.shape.length; axis++) offset += region.begin[axis]! * strides[axis]!;
    return { shape: region.shape, data: x.data.subarray(offset, offset + count) };
  }
  const data = p.newLike(x.data, count);
  const width = region.sizes.at(-1)!;
  const step = region.stride.at(-1)!;
  let to = 0;
  eachRun(region, x.shape, (offset) => {
    if (step === 1) data.set(x.data.subarray(offset, offset + width), to);
    else for (let i = 0; i < width; i++) data[to + i] = x.data[offset + i * step]!;
    to += width;
  });
  return { shape: region.shape, data };
}

function sliceBySize(p: Operands): Tensor {
  const x = p.tensor("x");
  const [first, wanted] = [p.numbers("begin"), p.numbers("size")];
  const begin = x.shape.map((size, axis) => clamp(fromEnd(first[axis]!, size), size));
  const sizes = x.shape.map((size, axis) => (wanted[axis] === -1 ? size - begin[axis]! : wanted[axis]!));
  if (sizes.some((size, axis) => size < 0 || begin[axis]! + size > x.shape[axis]!))
    throw invalid(`slice_by_size: [${sizes}] from [${begin}] on is not within [${x.shape}]`);
  return slice(p, x, { begin, sizes, stride: x.shape.map(() => 1), shape: sizes });
}

/** Writes `update` into the region of `target`, in place. */
export function writeSlice(target: Tensor, p: Operands): void {
  const update = p.tensor("update");
  const region = regionOf(p, target.shape);
  if (region.shape.join() !== update.shape.join()) {
    throw invalid(`slice_update: the slice is [${region.shape}], the update [${update.shape}]`);
  }
  const width = region.sizes.at(-1) ?? 1;
  const step = region.stride.at(-1) ?? 1;
  let from = 0;
  eachRun(region, target.shape, (offset) => {
    if (step === 1) target.data.set(update.data.subarray(from, from + width), offset);
    else for (let i = 0; i < width; i++) target.data[offset + i * step] = update.data[from + i]!;
    from += width;
  });
}

/** A copy of `x` with the slice replaced. */
export const sliceUpdate: Kernel = (p) => {
  const { shape, data } = p.tensor("x");
  const copy = p.newLike(data, data.length);
  copy.set(data);
  writeSlice({ shape, data: copy }, p);
  return { shape, data: copy };
};

export const SLICES: KernelTable = {
  slice_by_index: (p) => slice(p, p.tensor("x"), regionOf(p, p.tensor("x").shape)),
  slice_by_size: sliceBySize,
  slice_update: sliceUpdate,
};
