import { attentionMask, LOWEST_SURE } from "./attention-mask.ts";
import { broadcast } from "./broadcast.ts";
import { inTurns, type Kernel, type KernelTable } from "./kernel.ts";
import { batchOffsets, matmul } from "./matmul.ts";
import { dotRows, mixRows } from "./products.ts";
import { floats, invalid, sameShape, type Tensor } from "./value.ts";

function checkShapes(query: Tensor, key: Tensor, value: Tensor): void {
  const [q, k, v] = [query.shape, key.shape, value.shape];
  const fits =
    q.length >= 3 &&
    sameShape(q.slice(0, -2), k.slice(0, -2)) &&
    sameShape(k.slice(0, -1), v.slice(0, -1)) &&
    q.at(-1) === k.at(-1);
  if (!fits) throw invalid(`attention of queries [${q}], keys [${k}] and values [${v}]`);
}

/** softmax(q·kᵀ / sqrt(E) + mask) · v; the cost follows the visible keys, not the size of the cache. */
const scaledDotProductAttention: Kernel = (p) => {
  const [query, key, value] = [p.tensor("query"), p.tensor("key"), p.tensor("value")];
  checkShapes(query, key, value);
  const [q, k, v] = [floats(query, "attention"), floats(key, "attention"), floats(value, "attention")];
  const [rows, width] = query.shape.slice(-2) as [number, number];
  const keys = key.shape.at(-2)!;
  const out = value.shape.at(-1)!;
  const batch = query.shape.slice(0, -2);
  const mask = attentionMask(p.optional("attn_mask"), rows, keys);
  const maskRows = mask.shape.at(-2)!;
  if (!sameShape(broadcast(mask.shape.slice(0, -2), batch), batch))
    throw invalid(`a mask of [${mask.shape}] for queries of [${query.shape}]`);
  const maskAt = batchOffsets(mask.shape, batch, maskRows);
  const count = maskAt.length * rows;
  const data = p.newFloats(count * out);
  const weights = new Float32Array(keys);
  const scale = 1 / Math.sqrt(width);

  const attend = (index: number) => {
    const n = Math.floor(index / rows);
    const maskRow = maskAt[n]! + (maskRows === 1 ? 0 : index % rows);
    let [first, end] = [mask.visible[2 * maskRow]!, mask.visible[2 * maskRow + 1]!];
    const score = () => {
      const seen = { values: k, begin: (n * keys + first) * width, count: end - first, width };
      dotRows(q, index * width, seen, weights, 0);
      return addMask(weights, end - first, { scale, added: mask.added, offset: maskRow * keys + first });
    };
    let largest = score();
    if (largest < LOWEST_SURE && end - first > 0 && end - first < keys) {
      [first, end] = [0, keys];
      largest = score();
    }
    normalize(weights, end - first, largest);
    const mixed = { values: v, begin: (n * keys + first) * out, count: end - first, width: out };
    mixRows(weights, 0, mixed, data, index * out);
  };
  const run = (begin: number, end: number) => {
    for (let index = begin; index < end; index++) attend(index);
  };
  const parts = { count, cost: keys * (width + out), run };
  return inTurns(p, parts, { shape: [...batch, rows, out], data });
};

/** Scales the first `count` scores and adds the mask, in place. @returns the largest. */
function addMask(
  scores: Float32Array,
  count: number,
  { scale, added, offset }: { scale: number; added: Float32Array; offset: number },
): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const score = scores[i]! * scale + added[offset + i]!;
    scores[i] = score;
    largest = Math.max(largest, score);
  }
  return largest;
}

/** Turns the first `count` scores into weights, in place. */
function normalize(scores: Float32Array, count: number, largest: number): void {
  let total = 0;
  for (let i = 0; i < count; i++) total += scores[i] = Math.exp(scores[i]! - largest);
  const factor = 1 / total;
  for (let i = 0; i < count; i++) scores[i]! *= factor;
}

export const ATTENTION: KernelTable = { matmul, scaled_dot_product_attention: scaledDotProductAttention };
