import { roundHalfEven, roundToHalf } from "./linear.ts";
import { plainToBf16 } from "./plain/cast.ts";
import { f16Code } from "./plain/float16.ts";

/**
 * MLC-LLM's group formats: bits of a code, elements of a group, the dtype of scales and arithmetic, and whether the
 * packed words of a linear weight are stored transposed (KN). Source: mlc_llm's quantization registry.
 */
export const MLC_MODES = {
  q3f16_0: { bits: 3, groupSize: 40, dtype: "float16", transposed: true },
  q3f16_1: { bits: 3, groupSize: 40, dtype: "float16", transposed: false },
  q4f16_0: { bits: 4, groupSize: 32, dtype: "float16", transposed: true },
  q4f16_1: { bits: 4, groupSize: 32, dtype: "float16", transposed: false },
  q4f16_2: { bits: 4, groupSize: 32, dtype: "float16", transposed: false },
  q4f32_1: { bits: 4, groupSize: 32, dtype: "float32", transposed: false },
  q4bf16_0: { bits: 4, groupSize: 32, dtype: "bfloat16", transposed: true },
  q4bf16_1: { bits: 4, groupSize: 32, dtype: "bfloat16", transposed: false },
} as const;

export type MlcMode = keyof typeof MLC_MODES;

type Round = (value: number) => number;

/** Rounding of weights and scales, and of each step of the quotient: bf16 modes compute it in F32. */
const ROUNDING: Record<(typeof MLC_MODES)[MlcMode]["dtype"], { value: Round; step: Round }> = {
  float16: { value: roundToHalf, step: roundToHalf },
  float32: { value: Math.fround, step: Math.fround },
  bfloat16: { value: toBf16, step: Math.fround },
};

function toBf16(value: number): number {
  return new Float32Array(Uint32Array.of(plainToBf16(Float32Array.of(value))[0]! << 16).buffer)[0]!;
}

/** Packed codes `[rows, words]` and scales `[rows, groups]`, row-major. */
export interface MlcGroups {
  readonly words: Uint32Array<ArrayBuffer>;
  /** Values of the mode's dtype. */
  readonly scales: Float32Array<ArrayBuffer>;
}

/**
 * mlc_llm's group quantization of rows of `cols` finite values, as it runs on a CPU: scale = max |w| / M, code =
 * clamp(round half to even(w / scale + M), 0, 2M) with M = 2^(bits − 1) − 1, every step rounded to the mode's dtype. A
 * group of zeros has scale 0 and codes 0; places behind a row's end hold zero bits. Codes fill a word from its lowest
 * bits; a group begins a new word.
 *
 * @param values - F32, a multiple of `cols` in number; rounded to the mode's dtype first.
 */
export function quantizeMlcGroups(values: Float32Array, cols: number, mode: MlcMode): MlcGroups {
  const { bits, groupSize, dtype } = MLC_MODES[mode];
  const round = ROUNDING[dtype];
  const perWord = Math.floor(32 / bits);
  const groups = Math.ceil(cols / groupSize);
  const words = new Uint32Array((values.length / cols) * groups * (groupSize / perWord));
  const scales = new Float32Array((values.length / cols) * groups);
  const most = 2 ** (bits - 1) - 1;
  for (let group = 0, word = 0; group < scales.length; group++, word += groupSize / perWord) {
    const row = Math.floor(group / groups);
    const begin = row * cols + (group % groups) * groupSize;
    const weights = Array.from(
      values.subarray(begin, Math.min(begin + groupSize, (row + 1) * cols)),
      round.value,
    );
    const largest = weights.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const scale = round.value(largest / most);
    scales[group] = scale;
    weights.forEach((weight, i) => {
      const sum = roundHalfEven(round.step(round.step(weight / scale) + most));
      const code = Number.isNaN(sum) ? 0 : Math.min(Math.max(sum, 0), 2 * most);
      words[word + Math.floor(i / perWord)]! |= code << (bits * (i % perWord));
    });
  }
  return { words, scales };
}

/** Bits of scales in 16-bit dtypes. */
export function mlcScaleBits(scales: Float32Array, dtype: "float16" | "bfloat16"): Uint16Array<ArrayBuffer> {
  return dtype === "float16" ? Uint16Array.from(scales, f16Code) : Uint16Array.from(plainToBf16(scales));
}
