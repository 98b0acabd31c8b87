import type { NormSpec, RopeSpec } from "../spec.ts";

/** Root-mean-square norm of each row of `x` `[rows, width]`, in place of `out`; sums in double precision. */
export function rmsNormRows(
  x: Float32Array,
  weight: Float32Array,
  norm: NormSpec,
  out: Float32Array = x,
): Float32Array {
  const width = weight.length;
  for (let start = 0; start < x.length; start += width) {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += x[start + i]! * x[start + i]!;
    const inverse = 1 / Math.sqrt(sum / width + norm.epsilon);
    for (let i = 0; i < width; i++) out[start + i] = weight[i]! * (x[start + i]! * inverse);
  }
  return out;
}

/** Adds a bias to each row, in place. */
export function addBias(x: Float32Array, bias: Float32Array | undefined): Float32Array {
  if (bias === undefined) return x;
  for (let start = 0; start < x.length; start += bias.length) {
    for (let i = 0; i < bias.length; i++) x[start + i]! += bias[i]!;
  }
  return x;
}

/** `activation(gate) · up`, in place of `gate`. */
export function gated(kind: "silu" | "gelu_tanh", gate: Float32Array, up: Float32Array): Float32Array {
  const activate = kind === "silu" ? silu : geluTanh;
  for (let i = 0; i < gate.length; i++) gate[i] = activate(gate[i]!) * up[i]!;
  return gate;
}

function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

function geluTanh(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
}

/** Turns the heads of one token, `[heads, headDim]`, by its angles, in place. */
export function rotateHeads(
  x: Float32Array,
  { rope, headDim, cos, sin }: { rope: RopeSpec; headDim: number; cos: Float32Array; sin: Float32Array },
): void {
  const half = rope.rotaryDim / 2;
  for (let head = 0; head < x.length; head += headDim) {
    for (let j = 0; j < half; j++) {
      const a = x[head + j]!;
      const b = x[head + half + j]!;
      x[head + j] = a * cos[j]! - b * sin[j]!;
      x[head + half + j] = b * cos[j]! + a * sin[j]!;
    }
  }
}
