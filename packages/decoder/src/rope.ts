import { assertNever } from "@pippin/core";
import type { RopeSpec } from "./spec.ts";

/**
 * Angle per position of each rotary pair, `[rotaryDim / 2]`.
 *
 * Rounded to single precision as transformers computes them, so that long contexts agree.
 */
export function inverseFrequencies(rope: RopeSpec): Float64Array {
  const half = rope.rotaryDim / 2;
  const inverse = new Float64Array(half);
  for (let j = 0; j < half; j++) {
    inverse[j] = Math.fround(scaled(1 / rope.theta ** ((2 * j) / rope.rotaryDim), rope, j));
  }
  return inverse;
}

function scaled(inverse: number, { scaling }: RopeSpec, index: number): number {
  switch (scaling.kind) {
    case "none":
      return inverse;
    case "linear":
      return inverse / scaling.factor;
    case "factors":
      return inverse / scaling.factors[index]!;
    case "llama3": {
      const wavelength = (2 * Math.PI) / inverse;
      const turns = scaling.originalContextLength / wavelength;
      if (turns < scaling.lowFreqFactor) return inverse / scaling.factor;
      if (turns > scaling.highFreqFactor) return inverse;
      const smooth = (turns - scaling.lowFreqFactor) / (scaling.highFreqFactor - scaling.lowFreqFactor);
      return ((1 - smooth) * inverse) / scaling.factor + smooth * inverse;
    }
    default:
      return assertNever(scaling);
  }
}

/** Cosines and sines for positions `0 … positions − 1`, each `[positions, rotaryDim / 2]`, F32. */
export function ropeTables(rope: RopeSpec, positions: number): { cos: Float32Array; sin: Float32Array } {
  const inverse = inverseFrequencies(rope);
  const half = inverse.length;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    for (let j = 0; j < half; j++) {
      const angle = Math.fround(inverse[j]! * position);
      cos[position * half + j] = Math.cos(angle);
      sin[position * half + j] = Math.sin(angle);
    }
  }
  return { cos, sin };
}
