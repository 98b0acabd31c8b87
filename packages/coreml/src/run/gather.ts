import { isPackedSource, type WeightExpr } from "@pippin/kernels";
import { readRows } from "@pippin/kernels/node";
import type { Kernel, Operands } from "./kernel.ts";
import { roundToHalf } from "./round.ts";
import { invalid, normalAxis, sizeOf, type Tensor, unsupported } from "./value.ts";

/** An index as a place; negative ones count from the end. */
function placeOf(index: number, size: number): number {
  const at = index < 0 ? index + size : index;
  if (at >= 0 && at < size) return at;
  throw invalid(`gather: index ${index} is outside of 0 … ${size - 1}`);
}

/** Entries `indices` of `x` along `axis`; of each batch its own, where the first `batchDims` axes are batches. */
export function gatherRows(
  p: Operands,
  x: Tensor,
  indices: Tensor,
  { axis, batchDims }: { readonly axis: number; readonly batchDims: number },
): Tensor {
  const place = normalAxis(axis, x.shape.length);
  if (batchDims < 0 || batchDims > Math.min(place, indices.shape.length))
    throw invalid(`gather with ${batchDims} batch axes along axis ${place}`);
  const batches = sizeOf(x.shape.slice(0, batchDims));
  const outer = sizeOf(x.shape.slice(batchDims, place));
  const inner = sizeOf(x.shape.slice(place + 1));
  const size = x.shape[place]!;
  const count = sizeOf(indices.shape.slice(batchDims));
  if (count * batches !== indices.data.length) throw invalid("gather: batches of x and indices differ");
  const data = p.newLike(x.data, batches * outer * count * inner);
  let to = 0;
  for (let row = 0; row < batches * outer; row++) {
    const first = Math.floor(row / outer) * count;
    for (let i = first; i < first + count; i++) {
      const from = (row * size + placeOf(indices.data[i]!, size)) * inner;
      data.set(x.data.subarray(from, from + inner), to);
      to += inner;
    }
  }
  const shape = [...x.shape.slice(0, place), ...indices.shape.slice(batchDims), ...x.shape.slice(place + 1)];
  return { shape, data };
}

/** `gather` along axis 0 of a weight that stays in its file; `half`: whether its values are fp16 once decoded. */
export function gatherFromFile(expr: WeightExpr, half: boolean): Kernel {
  const [size = 0, ...rest] = expr.shape;
  return (p) => {
    const { shape, data } = p.tensor("indices");
    if (normalAxis(p.number("axis", 0), expr.shape.length) !== 0 || p.number("batch_dims", 0) !== 0)
      throw unsupported("gather from a large weight along another axis than 0");
    const rows = Array.from(data, (index) => placeOf(index, size));
    const values = readRows(expr, rows);
    if (half && isPackedSource(expr.source)) roundToHalf(values);
    return { shape: [...shape, ...rest], data: values };
  };
}
