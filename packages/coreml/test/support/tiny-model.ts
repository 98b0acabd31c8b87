import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checkpoint } from "@pippin/checkpoint";
import { openCheckpoint } from "@pippin/checkpoint/node";
import { fromF16, toF16 } from "@pippin/kernels";

/** A llama of 2 layers with random weights, written as safetensors in F32; small enough for any test. */
export const TINY_CONFIG = {
  model_type: "llama",
  vocab_size: 61,
  hidden_size: 32,
  intermediate_size: 40,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 8,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: true,
};

export type TinyConfig = typeof TINY_CONFIG & Readonly<Record<string, unknown>>;

export interface TinyOptions {
  /** Weights are values of fp16, still stored as F32: a conversion to fp16 changes none. */
  readonly halfValues?: boolean;
}

export async function tinyModel(
  overrides: Readonly<Record<string, unknown>> = {},
  options: TinyOptions = {},
): Promise<Checkpoint> {
  return openCheckpoint(await writeTinyModel(overrides, options));
}

/** Writes the folder and returns its path. */
export async function writeTinyModel(
  overrides: Readonly<Record<string, unknown>> = {},
  { halfValues = false }: TinyOptions = {},
): Promise<string> {
  const config = { ...TINY_CONFIG, ...overrides } as TinyConfig;
  const folder = await mkdtemp(join(tmpdir(), "pippin-tiny-"));
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  await writeFile(join(folder, "model.safetensors"), safetensors(tensorsOf(config), halfValues));
  return folder;
}

function tensorsOf(c: TinyConfig): [string, number[]][] {
  const queries = c.num_attention_heads * c.head_dim;
  const keys = c.num_key_value_heads * c.head_dim;
  const layers = Array.from({ length: c.num_hidden_layers }, (_, i): [string, number[]][] => {
    const at = `model.layers.${i}`;
    const qkv: [string, number][] = [
      ["q", queries],
      ["k", keys],
      ["v", keys],
    ];
    return [
      ...qkv.map(([part, rows]): [string, number[]] => [
        `${at}.self_attn.${part}_proj.weight`,
        [rows, c.hidden_size],
      ]),
      ...(c.model_type === "qwen2"
        ? qkv.map(([part, rows]): [string, number[]] => [`${at}.self_attn.${part}_proj.bias`, [rows]])
        : []),
      ...(c.model_type === "qwen3"
        ? ["q", "k"].map((part): [string, number[]] => [`${at}.self_attn.${part}_norm.weight`, [c.head_dim]])
        : []),
      [`${at}.self_attn.o_proj.weight`, [c.hidden_size, queries]],
      [`${at}.mlp.gate_proj.weight`, [c.intermediate_size, c.hidden_size]],
      [`${at}.mlp.up_proj.weight`, [c.intermediate_size, c.hidden_size]],
      [`${at}.mlp.down_proj.weight`, [c.hidden_size, c.intermediate_size]],
      [`${at}.input_layernorm.weight`, [c.hidden_size]],
      [`${at}.post_attention_layernorm.weight`, [c.hidden_size]],
    ];
  });
  return [
    ["model.embed_tokens.weight", [c.vocab_size, c.hidden_size]],
    ...layers.flat(),
    ["model.norm.weight", [c.hidden_size]],
    ...(c.tie_word_embeddings
      ? []
      : [["lm_head.weight", [c.vocab_size, c.hidden_size]] as [string, number[]]]),
  ];
}

function safetensors(tensors: readonly [string, number[]][], halfValues: boolean): Uint8Array {
  const header: Record<string, unknown> = {};
  const random = linearCongruential(7);
  const values: number[] = [];
  for (const [name, shape] of tensors) {
    const begin = values.length * 4;
    const count = shape.reduce((product, size) => product * size, 1);
    for (let i = 0; i < count; i++) values.push(name.includes("norm") ? 1 + 0.2 * random() : 0.25 * random());
    header[name] = { dtype: "F32", shape, data_offsets: [begin, values.length * 4] };
  }
  let text = JSON.stringify(header);
  text += " ".repeat((8 - (text.length % 8)) % 8);
  const bytes = new Uint8Array(8 + text.length + values.length * 4);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(text.length), true);
  bytes.set(new TextEncoder().encode(text), 8);
  const stored = halfValues ? fromF16(toF16(Float32Array.from(values))) : values;
  for (const [i, value] of stored.entries()) view.setFloat32(8 + text.length + i * 4, value, true);
  return bytes;
}

/** Uniform in (−1, 1), the same numbers everywhere. */
function linearCongruential(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
}
