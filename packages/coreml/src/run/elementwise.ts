import type { KernelTable } from "./kernel.ts";
import { type Data, floats, invalid, like, sizeOf, stridesOf, type Tensor } from "./value.ts";

type Binary = (x: number, y: number) => number;

/** The shape of `x ∘ y` by numpy's rule. */
function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw invalid(`shapes [${a}] and [${b}] do not broadcast`);
    return x === 1 ? y : x;
  });
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** Applies `f` to all pairs; `out` decides the element type. */
function combine({ x, y }: { x: Tensor; y: Tensor }, f: Binary, out: (count: number) => Data): Tensor {
  const shape = broadcast(x.shape, y.shape);
  const data = out(sizeOf(shape));
  const [a, b] = [x.data, y.data];
  if (sameShape(x.shape, y.shape)) {
    for (let i = 0; i < data.length; i++) data[i] = f(a[i]!, b[i]!);
  } else if (b.length === 1) {
    for (let i = 0, right = b[0]!; i < data.length; i++) data[i] = f(a[i]!, right);
  } else if (a.length === 1) {
    for (let i = 0, left = a[0]!; i < data.length; i++) data[i] = f(left, b[i]!);
  } else {
    combineStrided({ x, y }, f, { shape, data });
  }
  return { shape, data };
}

/** Walks the rows of the result; a size of 1 is a step of 0. */
function combineStrided(
  { x, y }: { x: Tensor; y: Tensor },
  f: Binary,
  { shape, data }: { shape: number[]; data: Data },
): void {
  const [left, right] = [broadcastStrides(x.shape, shape), broadcastStrides(y.shape, shape)];
  const width = shape.at(-1)!;
  const [stepA, stepB] = [left.at(-1)!, right.at(-1)!];
  const index = new Array<number>(shape.length).fill(0);
  let [a, b] = [0, 0];
  for (let row = 0; row < data.length; row += width) {
    for (let i = 0; i < width; i++) data[row + i] = f(x.data[a + i * stepA]!, y.data[b + i * stepB]!);
    for (let axis = shape.length - 2; axis >= 0; axis--) {
      a += left[axis]!;
      b += right[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      a -= left[axis]! * shape[axis]!;
      b -= right[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
}

function broadcastStrides(shape: readonly number[], target: readonly number[]): number[] {
  const strides = stridesOf(shape);
  const missing = target.length - shape.length;
  return target.map((_, axis) =>
    axis < missing || shape[axis - missing] === 1 ? 0 : strides[axis - missing]!,
  );
}

const arithmetic = (f: Binary) => (inputs: { x: Tensor; y: Tensor }) =>
  combine(inputs, f, (count) => like(inputs.x.data, count));

const compare = (f: (x: number, y: number) => boolean) => (inputs: { x: Tensor; y: Tensor }) =>
  combine(
    inputs,
    (x, y) => (f(x, y) ? 1 : 0),
    (count) => new Uint8Array(count),
  );

const unary =
  (name: string, f: (x: number) => number) =>
  ({ x }: { x: Tensor }): Tensor => {
    const from = floats(x, name);
    const data = new Float32Array(from.length);
    for (let i = 0; i < data.length; i++) data[i] = f(from[i]!);
    return { shape: x.shape, data };
  };

const withEpsilon =
  (name: string, f: (x: number) => number, fallback: number): KernelTable[string] =>
  (p) => {
    const epsilon = p.number("epsilon", fallback);
    return unary(name, (x) => f(x + epsilon))({ x: p.tensor("x") });
  };

const binaryOp =
  (run: (inputs: { x: Tensor; y: Tensor }) => Tensor): KernelTable[string] =>
  (p) =>
    run({ x: p.tensor("x"), y: p.tensor("y") });

const unaryOp =
  (name: string, f: (x: number) => number): KernelTable[string] =>
  (p) =>
    unary(name, f)({ x: p.tensor("x") });

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

const GELU: Readonly<Record<string, (x: number) => number>> = {
  EXACT: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  TANH_APPROXIMATION: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  SIGMOID_APPROXIMATION: (x) => x * sigmoid(1.702 * x),
};

/** The error function to about 1e-7: enough for single precision (Abramowitz and Stegun, 7.1.26, in its rational form). */
function erf(x: number): number {
  const t = 1 / (1 + 0.5 * Math.abs(x));
  const polynomial =
    -1.26551223 +
    t *
      (1.00002368 +
        t *
          (0.37409196 +
            t *
              (0.09678418 +
                t *
                  (-0.18628806 +
                    t *
                      (0.27886807 +
                        t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  const tail = t * Math.exp(-x * x + polynomial);
  return x >= 0 ? 1 - tail : tail - 1;
}

export const ELEMENTWISE: KernelTable = {
  add: binaryOp(arithmetic((x, y) => x + y)),
  sub: binaryOp(arithmetic((x, y) => x - y)),
  mul: binaryOp(arithmetic((x, y) => x * y)),
  real_div: binaryOp(arithmetic((x, y) => x / y)),
  floor_div: binaryOp(arithmetic((x, y) => Math.floor(x / y))),
  mod: binaryOp(arithmetic((x, y) => x - y * Math.floor(x / y))),
  pow: binaryOp(arithmetic((x, y) => x ** y)),
  maximum: binaryOp(arithmetic(Math.max)),
  minimum: binaryOp(arithmetic(Math.min)),
  equal: binaryOp(compare((x, y) => x === y)),
  not_equal: binaryOp(compare((x, y) => x !== y)),
  less: binaryOp(compare((x, y) => x < y)),
  less_equal: binaryOp(compare((x, y) => x <= y)),
  greater: binaryOp(compare((x, y) => x > y)),
  greater_equal: binaryOp(compare((x, y) => x >= y)),
  logical_and: binaryOp(compare((x, y) => x !== 0 && y !== 0)),
  logical_or: binaryOp(compare((x, y) => x !== 0 || y !== 0)),
  logical_not: (p) => {
    const { shape, data } = p.tensor("x");
    return { shape, data: Uint8Array.from(data, (value) => (value === 0 ? 1 : 0)) };
  },
  select: (p) => {
    const [condition, a, b] = [p.tensor("cond"), p.tensor("a"), p.tensor("b")];
    const shape = broadcast(condition.shape, broadcast(a.shape, b.shape));
    const zeros: Tensor = { shape, data: like(a.data, sizeOf(shape)) };
    // Spread all three to the result's shape, then choose.
    const spread = (tensor: Tensor) =>
      combine(
        { x: tensor, y: zeros },
        (x) => x,
        (count) => like(tensor.data, count),
      );
    const [flags, left, right] = [spread(condition).data, spread(a).data, spread(b).data];
    for (let i = 0; i < zeros.data.length; i++) zeros.data[i] = flags[i] === 0 ? right[i]! : left[i]!;
    return zeros;
  },
  abs: (p) => {
    const { shape, data } = p.tensor("x");
    const out = like(data, data.length);
    for (let i = 0; i < data.length; i++) out[i] = Math.abs(data[i]!);
    return { shape, data: out };
  },
  exp: unaryOp("exp", Math.exp),
  sqrt: unaryOp("sqrt", Math.sqrt),
  square: unaryOp("square", (x) => x * x),
  sin: unaryOp("sin", Math.sin),
  cos: unaryOp("cos", Math.cos),
  tanh: unaryOp("tanh", Math.tanh),
  erf: unaryOp("erf", erf),
  relu: unaryOp("relu", (x) => Math.max(x, 0)),
  sigmoid: unaryOp("sigmoid", sigmoid),
  silu: unaryOp("silu", (x) => x * sigmoid(x)),
  gelu: (p) => {
    const mode = p.text("mode", "EXACT");
    const f = GELU[mode];
    if (f === undefined) throw invalid(`gelu has no mode ${mode}`);
    return unary("gelu", f)({ x: p.tensor("x") });
  },
  rsqrt: withEpsilon("rsqrt", (x) => 1 / Math.sqrt(x), 1e-12),
  inverse: withEpsilon("inverse", (x) => 1 / x, 1e-4),
  log: withEpsilon("log", Math.log, 1e-45),
};
