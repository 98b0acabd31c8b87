import type { Kernel, KernelTable, Operands } from "./kernel.ts";
import { floats, invalid, type Tensor } from "./value.ts";

function unary(p: Operands, name: string, f: (x: number) => number): Tensor {
  const x = p.tensor("x");
  const from = floats(x, name);
  const data = p.newFloats(from.length);
  for (let i = 0; i < data.length; i++) data[i] = f(from[i]!);
  return { shape: x.shape, data };
}

const unaryOp =
  (name: string, f: (x: number) => number): Kernel =>
  (p) =>
    unary(p, name, f);

const withEpsilon =
  (name: string, f: (x: number) => number, fallback: number): Kernel =>
  (p) => {
    const epsilon = p.number("epsilon", fallback);
    return unary(p, name, (x) => f(x + epsilon));
  };

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** The commonest activation has a loop of its own. */
function silu(p: Operands): Tensor {
  const x = p.tensor("x");
  const from = floats(x, "silu");
  const data = p.newFloats(from.length);
  for (let i = 0; i < data.length; i++) data[i] = from[i]! / (1 + Math.exp(-from[i]!));
  return { shape: x.shape, data };
}

function abs(p: Operands): Tensor {
  const { shape, data: from } = p.tensor("x");
  const data = p.newLike(from, from.length);
  if (from instanceof Float32Array) for (let i = 0; i < data.length; i++) data[i] = Math.abs(from[i]!);
  else for (let i = 0; i < data.length; i++) data[i] = Math.abs(from[i]!);
  return { shape, data };
}

const GELU: Readonly<Record<string, (x: number) => number>> = {
  EXACT: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  TANH_APPROXIMATION: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  SIGMOID_APPROXIMATION: (x) => x * sigmoid(1.702 * x),
};

function gelu(p: Operands): Tensor {
  const mode = p.text("mode", "EXACT");
  const f = Object.hasOwn(GELU, mode) ? GELU[mode] : undefined;
  if (f === undefined) throw invalid(`gelu has no mode ${mode}`);
  return unary(p, "gelu", f);
}

/** The error function to about 1e-15: a series of positive terms near zero, a continued fraction for the tail. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x) || a > 6) return Math.sign(x);
  const tail = Math.exp(-a * a) / Math.sqrt(Math.PI);
  const value = a < 2.5 ? 2 * tail * erfSeries(a) : 1 - tail / erfcFraction(a);
  return x < 0 ? -value : value;
}

/** Σ 2ⁿ x²ⁿ⁺¹ / (1 · 3 · … · (2n + 1)). */
function erfSeries(x: number): number {
  let sum = x;
  for (let n = 1, term = x; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return sum;
}

/** x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …))), deep enough for x ≥ 2.5. */
function erfcFraction(x: number): number {
  let value = x;
  for (let k = 60; k > 0; k--) value = x + k / 2 / value;
  return value;
}

/** Halves go to the even neighbor. */
function roundEven(x: number): number {
  const nearest = Math.round(x);
  return nearest - x === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
}

export const ELEMENTWISE: KernelTable = {
  logical_not: (p) => {
    const { shape, data } = p.tensor("x");
    return { shape, data: Uint8Array.from(data, (value) => (value === 0 ? 1 : 0)) };
  },
  identity: (p) => p.tensor("x"),
  abs,
  exp: unaryOp("exp", Math.exp),
  exp2: unaryOp("exp2", (x) => 2 ** x),
  sqrt: unaryOp("sqrt", Math.sqrt),
  square: unaryOp("square", (x) => x * x),
  sin: unaryOp("sin", Math.sin),
  cos: unaryOp("cos", Math.cos),
  tanh: unaryOp("tanh", Math.tanh),
  erf: unaryOp("erf", erf),
  floor: unaryOp("floor", Math.floor),
  ceil: unaryOp("ceil", Math.ceil),
  round: unaryOp("round", roundEven),
  sign: unaryOp("sign", Math.sign),
  relu: unaryOp("relu", (x) => Math.max(x, 0)),
  sigmoid: unaryOp("sigmoid", sigmoid),
  softplus: unaryOp("softplus", (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  silu,
  gelu,
  clip: (p) => {
    const [low, high] = [p.number("alpha"), p.number("beta")];
    return unary(p, "clip", (x) => Math.min(high, Math.max(low, x)));
  },
  rsqrt: withEpsilon("rsqrt", (x) => 1 / Math.sqrt(x), 1e-12),
  inverse: withEpsilon("inverse", (x) => 1 / x, 1e-4),
  log: withEpsilon("log", Math.log, 1e-45),
};
