import type { PublishedRow } from "./published-row.ts";

/** Bits that one weight takes, scales included, and how that was found. */
export interface Quantization {
  readonly bits: number;
  /** "assumed" when the publication names none and the engine's usual one was taken. */
  readonly from: "table" | "assumed";
}

/*
 * GGUF: sizes of the block formats, and for the mixed ones (K_M, UD) file size × 8 / weights of published 7B and 8B files, as
 * llama.cpp's tools/quantize README lists them. MLX: 4 bits + fp16 scale and offset for each 64 weights. MXFP4: 4 + 8/32.
 * Palettes and per-channel scales: the bits of the index, tables are negligible. LiteRT and ExecuTorch: int4 in groups of 32
 * with an fp16 scale; embeddings at 8 bits are counted with them.
 */
const BITS: readonly (readonly [pattern: RegExp, bits: number])[] = [
  [/q8_k_xl/, 9.5],
  [/q8_0|q8_k/, 8.5],
  [/q6_k_xl/, 7.0],
  [/q6_k/, 6.56],
  [/q5_k_xl/, 5.8],
  [/q5_k_s/, 5.54],
  [/q5_k/, 5.69],
  [/q5_1/, 6.0],
  [/q5_0/, 5.5],
  [/iq4_xs/, 4.3],
  [/iq4/, 4.5],
  [/q4_k_xl/, 4.95],
  [/q4_k_s/, 4.6],
  [/q4_k/, 4.87],
  [/q4_1/, 5.0],
  [/q4_0/, 4.55],
  [/iq3_xxs/, 3.2],
  [/iq3/, 3.6],
  [/q3_k_xl/, 4.0],
  [/q3_k_s/, 3.5],
  [/q3_k_l/, 4.3],
  [/q3_k/, 3.95],
  [/iq2/, 2.5],
  [/q2_k_xl/, 3.1],
  [/q2_k/, 3.0],
  [/iq1|tq1/, 1.8],
  [/mxfp4/, 4.25],
  [/mxfp8/, 8.25],
  [/nvfp4/, 4.5],
  [/q4f(16|32)/, 4.5],
  [/q3f16/, 3.5],
  [/q0f16/, 16],
  [/spinquant|qat\+lora|8da4w/, 4.9],
  [/per-channel/, 4.0],
  [/boctav4/, 4.5],
  [/^(f|fp|float)32/, 32],
  [/^(b?f16|bf16|fp16|float16|half)$/, 16],
  [/fp8|f8/, 8.0],
];

/** What engines load when nobody says otherwise: mlx-community's 4 bits, Ollama's Q4_K_M, CoreML-LLM's int8, Apple's 2 bits. */
const USUAL_BITS: readonly (readonly [engine: RegExp, bits: number])[] = [
  [/coreml/, 8],
  [/foundation/, 2.3],
  [/llama/, 4.87],
  [/cactus/, 8.5],
];

/** LiteRT's Gemma 4 mixes widths: its model card gives 0.79 GB for E2B's 2.3 billion decoder weights; the head has 4 bits. */
const GEMMA_4_LITERT_BITS = 3.0;

/** Bits of a row's quantization; of the engine's usual one when it is not stated, or is only "quantized". */
export function findQuantization(row: PublishedRow): Quantization | undefined {
  const name = row.quant.toLowerCase();
  const engine = row.engine.toLowerCase();
  if (/gemma-?4.*e[24]b/i.test(row.model) && /litert/.test(engine)) {
    return { bits: GEMMA_4_LITERT_BITS, from: "table" };
  }
  if (name === "" || name === "quantized" || name === "default") {
    return { bits: usualBits(row, engine), from: "assumed" };
  }
  const bits = bitsOf(name, engine);
  return bits === undefined ? undefined : { bits, from: "table" };
}

function usualBits({ model, conditions }: PublishedRow, engine: string): number {
  // The group "litert-comm" runs LiteRT's own community files, which are int8; "own" are the gatherer's int4 files.
  if (/litert/.test(engine) && /litert-comm/.test(conditions)) return 8;
  // CoreML-LLM's Gemma 4 packages are 4-bit palettes, its others int8.
  if (/coreml/.test(engine) && /gemma/i.test(model)) return 4;
  return USUAL_BITS.find(([pattern]) => pattern.test(engine))?.[1] ?? 4.5;
}

function bitsOf(name: string, engine: string): number | undefined {
  const row = BITS.find(([pattern]) => pattern.test(name));
  if (row !== undefined) return row[1];
  const digits = /(?:int|uint|w|q|lut)-?(\d{1,2})(?!\d)|(\d{1,2}(?:\.\d+)?)[- ]?(?:bit|bpw)/.exec(name);
  const integer = Number(digits?.[1] ?? digits?.[2]);
  if (!(integer > 0 && integer <= 32)) return undefined;
  if (integer >= 16 || /palett|per-channel|lut|bpw/.test(name)) return integer;
  // int8 has a scale for a row; MLX's and others' 2 to 6 bits have scale and offset for 64 weights or a scale for 32.
  return integer === 8 && !/mlx|ollama|lm-studio/.test(engine) ? 8 : integer + 0.5;
}
