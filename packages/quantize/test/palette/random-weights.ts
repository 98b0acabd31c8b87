import { toF16 } from "@pippin/kernels";

/** Weights as they occur, and as they should not: F16 codes from a seed. */
export const DISTRIBUTIONS = {
  normal: (r: Random) => 0.05 * r.normal(),
  heavyTails: (r: Random) => 0.02 * r.studentT(2),
  mixture: (r: Random) => (r.uniform() < 0.5 ? 0.001 : r.uniform() < 0.5 ? 0.3 : -0.7) + 0.01 * r.normal(),
  outliers: (r: Random) => (r.uniform() < 0.001 ? 65504 * Math.sign(r.uniform() - 0.5) : 0.001 * r.normal()),
  aroundOne: (r: Random) => 1 + 0.01 * r.normal(),
  subnormal: (r: Random) => 1e-5 * r.normal(),
} as const;
export type Distribution = keyof typeof DISTRIBUTIONS;

export function randomCodes(distribution: Distribution, length: number, seed = 1): Uint16Array {
  const random = new Random(seed);
  return toF16(Float32Array.from({ length }, () => DISTRIBUTIONS[distribution](random)));
}

class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** Above 0 and below 1. */
  uniform(): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return (this.#state + 0.5) / 2 ** 32;
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  studentT(freedom: number): number {
    const squares = Array.from({ length: freedom }, () => this.normal() ** 2);
    return this.normal() / Math.sqrt(squares.reduce((a, b) => a + b) / freedom);
  }
}
