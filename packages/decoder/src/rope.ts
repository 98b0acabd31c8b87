import { assertNever } from "@pippin/core";
import type { RopeSpec } from "./spec.ts";

const { fround, PI } = Math;

/**
 * Angle per position of each rotary pair, `[rotaryDim / 2]`.
 *
 * Rounds to single precision after each operation, as transformers' `modeling_rope_utils` computes in float32: an
 * error of one unit in the last place is an angle of 2e-4 at position 4000.
 */
export function inverseFrequencies(rope: RopeSpec): Float64Array {
  const half = rope.rotaryDim / 2;
  const inverse = new Float64Array(half);
  for (let j = 0; j < half; j++) {
    const exponent = fround((2 * j) / rope.rotaryDim);
    inverse[j] = scaled(fround(1 / fround(fround(rope.theta) ** exponent)), rope, j);
  }
  return inverse;
}

/** `inverse` is a float32 value, and so is the result. */
function scaled(inverse: number, { scaling }: RopeSpec, index: number): number {
  switch (scaling.kind) {
    case "none":
      return inverse;
    case "linear":
      return fround(inverse / scaling.factor);
    case "factors":
      return fround(inverse / scaling.factors[index]!);
    case "llama3": {
      const { factor, lowFreqFactor, highFreqFactor, originalContextLength } = scaling;
      const wavelength = fround(fround(2 * PI) / inverse);
      if (wavelength > originalContextLength / lowFreqFactor) return fround(inverse / factor);
      if (wavelength < originalContextLength / highFreqFactor) return inverse;
      const turns = fround(originalContextLength / wavelength);
      const smooth = fround(fround(turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor));
      const slow = fround(fround(fround(1 - smooth) * inverse) / factor);
      return fround(slow + fround(smooth * inverse));
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
      const angle = fround(inverse[j]! * position);
      cos[position * half + j] = Math.cos(angle);
      sin[position * half + j] = Math.sin(angle);
    }
  }
  return { cos, sin };
}
