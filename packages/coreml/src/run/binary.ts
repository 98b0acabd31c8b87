import { broadcast, eachRow, type Row } from "./broadcast.ts";
import type { Kernel, KernelTable, Operands } from "./kernel.ts";
import { type Data, invalid, kindOfData, sizeOf, type Tensor } from "./value.ts";

type Binary = (x: number, y: number) => number;
type FloatRow = (a: Float32Array, b: Float32Array, out: Float32Array, row: Row) => void;

/** Loops of their own for what decoders do most: a call for each element costs several times the arithmetic. */
const FLOAT_ROWS = {
  add(a, b, out, { a: i, b: j, to, stepA, stepB, width }) {
    for (const end = to + width; to < end; to++, i += stepA, j += stepB) out[to] = a[i]! + b[j]!;
  },
  sub(a, b, out, { a: i, b: j, to, stepA, stepB, width }) {
    for (const end = to + width; to < end; to++, i += stepA, j += stepB) out[to] = a[i]! - b[j]!;
  },
  mul(a, b, out, { a: i, b: j, to, stepA, stepB, width }) {
    for (const end = to + width; to < end; to++, i += stepA, j += stepB) out[to] = a[i]! * b[j]!;
  },
  real_div(a, b, out, { a: i, b: j, to, stepA, stepB, width }) {
    for (const end = to + width; to < end; to++, i += stepA, j += stepB) out[to] = a[i]! / b[j]!;
  },
  maximum(a, b, out, { a: i, b: j, to, stepA, stepB, width }) {
    for (const end = to + width; to < end; to++, i += stepA, j += stepB) out[to] = Math.max(a[i]!, b[j]!);
  },
} satisfies Record<string, FloatRow>;

/** Applies `f` to all pairs, into `out` of the result's kind. */
export function combine(
  { x, y, shape }: { x: Tensor; y: Tensor; shape: readonly number[] },
  f: Binary,
  out: Data,
): Tensor {
  const [left, right] = [x.data, y.data];
  eachRow(x, y, shape, ({ a, b, to, stepA, stepB, width }) => {
    for (let i = 0; i < width; i++) out[to + i] = f(left[a + i * stepA]!, right[b + i * stepB]!);
  });
  return { shape, data: out };
}

function operandsOf(p: Operands): { x: Tensor; y: Tensor; shape: readonly number[] } {
  const [x, y] = [p.tensor("x"), p.tensor("y")];
  return { x, y, shape: broadcast(x.shape, y.shape) };
}

const arithmetic =
  (f: Binary, floatRow?: FloatRow): Kernel =>
  (p) => {
    const pair = operandsOf(p);
    const { x, y, shape } = pair;
    const data = p.newLike(x.data, sizeOf(shape));
    const [a, b] = [x.data, y.data];
    if (kindOfData(a) !== kindOfData(b)) throw invalid("both operands have to be of one element type");
    if (!(floatRow && a instanceof Float32Array && b instanceof Float32Array && data instanceof Float32Array))
      return combine(pair, f, data);
    eachRow(x, y, shape, (row) => floatRow(a, b, data, row));
    return { shape, data };
  };

const compare =
  (f: (x: number, y: number) => boolean): Kernel =>
  (p) => {
    const pair = operandsOf(p);
    return combine(pair, (x, y) => (f(x, y) ? 1 : 0), new Uint8Array(sizeOf(pair.shape)));
  };

/** The result has the sign of `y`, as Python's. */
const floorMod = (x: number, y: number) => x - y * Math.floor(x / y);

function select(p: Operands): Tensor {
  const [condition, a, b] = [p.tensor("cond"), p.tensor("a"), p.tensor("b")];
  const shape = broadcast(condition.shape, broadcast(a.shape, b.shape));
  const count = sizeOf(shape);
  const whole: Tensor = { shape, data: new Uint8Array(count) };
  // Spread all three to the result's shape, then choose.
  const spread = (tensor: Tensor) =>
    combine({ x: tensor, y: whole, shape }, (x) => x, p.newLike(tensor.data, count)).data;
  const [flags, left, right] = [spread(condition), spread(a), spread(b)];
  const data = p.newLike(a.data, count);
  for (let i = 0; i < count; i++) data[i] = flags[i] === 0 ? right[i]! : left[i]!;
  return { shape, data };
}

export const BINARY: KernelTable = {
  add: arithmetic((x, y) => x + y, FLOAT_ROWS.add),
  sub: arithmetic((x, y) => x - y, FLOAT_ROWS.sub),
  mul: arithmetic((x, y) => x * y, FLOAT_ROWS.mul),
  real_div: arithmetic((x, y) => x / y, FLOAT_ROWS.real_div),
  floor_div: arithmetic((x, y) => Math.floor(x / y)),
  mod: arithmetic(floorMod),
  pow: arithmetic((x, y) => x ** y),
  maximum: arithmetic(Math.max, FLOAT_ROWS.maximum),
  minimum: arithmetic(Math.min),
  equal: compare((x, y) => x === y),
  not_equal: compare((x, y) => x !== y),
  less: compare((x, y) => x < y),
  less_equal: compare((x, y) => x <= y),
  greater: compare((x, y) => x > y),
  greater_equal: compare((x, y) => x >= y),
  logical_and: compare((x, y) => x !== 0 && y !== 0),
  logical_or: compare((x, y) => x !== 0 || y !== 0),
  logical_xor: compare((x, y) => (x !== 0) !== (y !== 0)),
  select,
};
