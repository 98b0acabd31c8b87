import { closeSync, mkdirSync, openSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

export interface SyntheticModel {
  readonly layers: number;
  readonly hidden: number;
  readonly vocab: number;
  /** `zeros` makes a sparse file, which costs no disk; `noise` finite weights that follow from their place. */
  readonly fill: "zeros" | "noise";
}

/** Writes a llama of any size, in bf16: weights alone, without a tokenizer. */
export function writeSyntheticModel(folder: string, { layers, hidden, vocab, fill }: SyntheticModel): void {
  mkdirSync(folder, { recursive: true });
  const config = {
    model_type: "llama",
    vocab_size: vocab,
    hidden_size: hidden,
    intermediate_size: 2 * hidden,
    num_hidden_layers: layers,
    num_attention_heads: hidden / 64,
    num_key_value_heads: hidden / 64,
    max_position_embeddings: 256,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    hidden_act: "silu",
    tie_word_embeddings: true,
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  const { header, byteLength } = safetensorsHeader(shapesOf({ layers, hidden, vocab }));
  const file = join(folder, "model.safetensors");
  writeFileSync(file, header);
  if (fill === "noise") appendNoise(file, header.length, byteLength);
  else truncateSync(file, header.length + byteLength);
}

function shapesOf({ layers, hidden, vocab }: Omit<SyntheticModel, "fill">): [string, number[]][] {
  const shapes: [string, number[]][] = [["model.embed_tokens.weight", [vocab, hidden]]];
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string) => `model.layers.${layer}.${part}.weight`;
    shapes.push([name("input_layernorm"), [hidden]], [name("post_attention_layernorm"), [hidden]]);
    for (const part of ["q", "k", "v", "o"]) shapes.push([name(`self_attn.${part}_proj`), [hidden, hidden]]);
    for (const part of ["gate", "up"]) shapes.push([name(`mlp.${part}_proj`), [2 * hidden, hidden]]);
    shapes.push([name("mlp.down_proj"), [hidden, 2 * hidden]]);
  }
  return [...shapes, ["model.norm.weight", [hidden]]];
}

function safetensorsHeader(shapes: readonly [string, number[]][]): { header: Buffer; byteLength: number } {
  let end = 0;
  const entries = shapes.map(([name, shape]) => {
    const begin = end;
    end += shape.reduce((product, size) => product * size, 2);
    return [name, { dtype: "BF16", shape, data_offsets: [begin, end] }];
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return { header: Buffer.concat([length, json]), byteLength: end };
}

/** A piece of an odd length over and over, so that no two tensors begin alike. */
function appendNoise(file: string, position: number, byteLength: number): void {
  const piece = new Uint16Array(500_009);
  let state = 1;
  for (let i = 0; i < piece.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // Without the top bit of the exponent a bf16 is finite and below 2.
    piece[i] = (state >>> 16) & 0xbfff;
  }
  const bytes = Buffer.from(piece.buffer);
  const descriptor = openSync(file, "r+");
  for (let done = 0; done < byteLength; done += bytes.length) {
    writeSync(descriptor, bytes, 0, Math.min(bytes.length, byteLength - done), position + done);
  }
  closeSync(descriptor);
}
