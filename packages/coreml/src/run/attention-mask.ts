import { combine } from "./binary.ts";
import { broadcast } from "./broadcast.ts";
import { invalid, type Tensor } from "./value.ts";

/** A mask value from here down hides a key from a query that has a score above `LOWEST_SURE`. */
const HIDDEN = -5000;

/**
 * Next to a score above this, a hidden key has a weight of exactly 0 in single precision, unless its own score is
 * beyond +2,400. A query whose best visible score is lower looks at all keys, as the program says.
 */
export const LOWEST_SURE: number = HIDDEN / 2;

/** A mask ready for use: what is added to each score, and which part of each row is visible at all. */
export interface AttentionMask {
  /** `[…, rows, keys]`; one row serves all queries. */
  readonly shape: readonly number[];
  readonly added: Float32Array;
  /** Begin and end for each row: everything outside is hidden, see `LOWEST_SURE`. Both 0 where nothing is visible and nothing mixed. */
  readonly visible: Int32Array;
}

/** Layers share a mask; the tensors of a run live as long as it does. */
const known = new WeakMap<Tensor, AttentionMask>();

export function attentionMask(mask: Tensor | undefined, queries: number, keys: number): AttentionMask {
  if (mask === undefined)
    return { shape: [1, keys], added: new Float32Array(keys), visible: Int32Array.of(0, keys) };
  const [rows, columns] = [mask.shape.at(-2) ?? 1, mask.shape.at(-1)];
  if ((rows !== 1 && rows !== queries) || (columns !== 1 && columns !== keys))
    throw invalid(`a mask of [${mask.shape}] for ${queries} queries and ${keys} keys`);
  let ready = known.get(mask);
  if (ready?.shape.at(-1) !== keys) {
    ready = prepare(mask, keys);
    known.set(mask, ready);
  }
  return ready;
}

function prepare(mask: Tensor, keys: number): AttentionMask {
  const square = mask.shape.length < 2 ? [1, ...mask.shape] : mask.shape;
  // A mask with one column says the same of all keys.
  const shape = broadcast(square, [1, square.at(-1) === 1 ? keys : square.at(-1)!]);
  const spread = shape === square ? mask : widened({ shape: square, data: mask.data }, shape);
  const added = additive(spread);
  const rows = added.length / keys;
  const visible = new Int32Array(2 * rows);
  for (let row = 0; row < rows; row++) visible.set(visibleOf(added, row * keys, keys), 2 * row);
  return { shape, added, visible };
}

function widened(mask: Tensor, shape: readonly number[]): Tensor {
  const zeros = { shape, data: new Uint8Array(shape.reduce((product, size) => product * size, 1)) };
  const out = mask.data instanceof Float32Array ? new Float32Array(zeros.data.length) : zeros.data.slice();
  return combine({ x: mask, y: zeros, shape }, (x) => x, out);
}

/** Additive form of a mask: a boolean one hides what is false. */
function additive({ data }: Tensor): Float32Array {
  if (data instanceof Float32Array) return data;
  return Float32Array.from(data, (seen) => (seen === 0 ? Number.NEGATIVE_INFINITY : 0));
}

function visibleOf(added: Float32Array, offset: number, keys: number): [number, number] {
  let first = 0;
  let end = keys;
  while (first < end && added[offset + first]! <= HIDDEN) first++;
  while (end > first && added[offset + end - 1]! <= HIDDEN) end--;
  if (first < end) return [first, end];
  // A row that hides all keys still mixes them, by the differences of its mask; when that is infinite, none.
  const row = added.subarray(offset, offset + keys);
  return row.every((value) => value === Number.NEGATIVE_INFINITY) ? [0, 0] : [0, keys];
}
