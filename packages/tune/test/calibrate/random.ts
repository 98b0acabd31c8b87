import { Hessian } from "../../src/calibrate/hessian.ts";

/** A repeatable source of numbers in [0, 1) (Mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function normals(count: number, random: () => number): Float32Array {
  return Float32Array.from({ length: count }, () => {
    return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  });
}

/** Inputs whose columns depend on each other, as those of a model do; some columns are larger. */
export function inputsOf(tokens: number, columns: number, random: () => number): Float32Array {
  const hidden = Math.ceil(columns / 3);
  const mix = normals(hidden * columns, random);
  const scales = Float32Array.from({ length: columns }, () => Math.exp(2 * random() - 1));
  const x = new Float32Array(tokens * columns);
  for (let token = 0; token < tokens; token++) {
    const z = normals(hidden, random);
    const noise = normals(columns, random);
    for (let j = 0; j < columns; j++) {
      let sum = 0.3 * noise[j]!;
      for (let k = 0; k < hidden; k++) sum += (z[k]! * mix[k * columns + j]!) / Math.sqrt(hidden);
      x[token * columns + j] = sum * scales[j]!;
    }
  }
  return x;
}

export function hessianOf(x: Float32Array, columns: number): Hessian {
  const hessian = new Hessian(columns);
  hessian.add(x);
  return hessian;
}
