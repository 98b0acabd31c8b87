import { argmax } from "./logits.ts";

export interface SampleOptions {
  /** 0: always the most likely token. */
  readonly temperature?: number;
  /** Same seed, same draws, on every machine. */
  readonly seed?: number;
}

/** Chooses the next token from logits. */
export type Sampler = (logits: Float32Array) => number;

/** Greedy, or draws from the softmax at a temperature. */
export function createSampler({ temperature = 0, seed = 0 }: SampleOptions = {}): Sampler {
  if (temperature <= 0) return argmax;
  const random = splitMix32(seed);
  return (logits) => {
    // The largest weight is 1, so that no temperature makes the sum overflow or vanish.
    const largest = logits[argmax(logits)]!;
    const weights = Float64Array.from(logits, (value) => Math.exp((value - largest) / temperature));
    let rest = random() * weights.reduce((sum, weight) => sum + weight, 0);
    for (let i = 0; i < weights.length; i++) {
      rest -= weights[i]!;
      if (rest < 0) return i;
    }
    return argmax(logits);
  };
}

/** SplitMix32: a small generator with the same numbers everywhere, in [0, 1). */
export function splitMix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  };
}
