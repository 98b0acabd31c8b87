import { closeSync, mkdirSync, openSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/** The shape of Qwen2.5-1.5B: 28 layers, tied head, biases on q, k and v. */
const SHAPE = {
  hidden: 1536,
  intermediate: 8960,
  layers: 28,
  heads: 12,
  keyValueHeads: 2,
  vocabulary: 151936,
} as const;
const HEAD_DIM = SHAPE.hidden / SHAPE.heads;
const SHARD_BYTES = 2e9;

/** Writes a sharded bf16 checkpoint of that shape with made-up weights, once; returns its bytes. */
export function writeSyntheticQwen(folder: string): number {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "config.json"), JSON.stringify(config(), null, 2));
  const shards: [string, number[]][][] = [[]];
  let size = 0;
  for (const tensor of tensors()) {
    if (size + bytesOf(tensor[1]) > SHARD_BYTES) {
      shards.push([]);
      size = 0;
    }
    shards.at(-1)!.push(tensor);
    size += bytesOf(tensor[1]);
  }
  const map: Record<string, string> = {};
  let total = 0;
  for (const [index, shard] of shards.entries()) {
    const name = `model-${String(index + 1).padStart(5, "0")}-of-${String(shards.length).padStart(5, "0")}.safetensors`;
    writeShard(join(folder, name), shard);
    for (const [tensor, shape] of shard) {
      map[tensor] = name;
      total += bytesOf(shape);
    }
  }
  const index = { metadata: { total_size: total }, weight_map: map };
  writeFileSync(join(folder, "model.safetensors.index.json"), JSON.stringify(index));
  return [...new Set(Object.values(map))].reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

function bytesOf(shape: readonly number[]): number {
  return 2 * shape.reduce((product, size) => product * size, 1);
}

function config(): object {
  return {
    architectures: ["Qwen2ForCausalLM"],
    model_type: "qwen2",
    hidden_act: "silu",
    hidden_size: SHAPE.hidden,
    intermediate_size: SHAPE.intermediate,
    num_hidden_layers: SHAPE.layers,
    num_attention_heads: SHAPE.heads,
    num_key_value_heads: SHAPE.keyValueHeads,
    max_position_embeddings: 32768,
    rms_norm_eps: 1e-6,
    rope_theta: 1e6,
    tie_word_embeddings: true,
    torch_dtype: "bfloat16",
    vocab_size: SHAPE.vocabulary,
  };
}

function* tensors(): Generator<[string, number[]]> {
  const { hidden, intermediate, keyValueHeads } = SHAPE;
  yield ["model.embed_tokens.weight", [SHAPE.vocabulary, hidden]];
  for (let layer = 0; layer < SHAPE.layers; layer++) {
    const prefix = `model.layers.${layer}`;
    for (const part of ["q", "k", "v"]) {
      const rows = part === "q" ? hidden : keyValueHeads * HEAD_DIM;
      yield [`${prefix}.self_attn.${part}_proj.weight`, [rows, hidden]];
      yield [`${prefix}.self_attn.${part}_proj.bias`, [rows]];
    }
    yield [`${prefix}.self_attn.o_proj.weight`, [hidden, hidden]];
    yield [`${prefix}.mlp.gate_proj.weight`, [intermediate, hidden]];
    yield [`${prefix}.mlp.up_proj.weight`, [intermediate, hidden]];
    yield [`${prefix}.mlp.down_proj.weight`, [hidden, intermediate]];
    yield [`${prefix}.input_layernorm.weight`, [hidden]];
    yield [`${prefix}.post_attention_layernorm.weight`, [hidden]];
  }
  yield ["model.norm.weight", [hidden]];
}

function writeShard(path: string, shard: readonly [string, number[]][]): void {
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let offset = 0;
  for (const [name, shape] of shard) {
    header[name] = { dtype: "BF16", shape, data_offsets: [offset, offset + bytesOf(shape)] };
    offset += bytesOf(shape);
  }
  let text = JSON.stringify(header);
  text += " ".repeat((8 - (text.length % 8)) % 8);
  const front = Buffer.alloc(8 + text.length);
  front.writeBigUInt64LE(BigInt(text.length));
  front.write(text, 8, "latin1");
  const file = openSync(path, "w");
  writeSync(file, front);
  const block = randomBlock();
  for (let left = offset; left > 0; left -= block.byteLength)
    writeSync(file, block, 0, Math.min(left, block.byteLength));
  closeSync(file);
}

/** 16 MiB of bf16 around ±0.02, as trained weights are. */
function randomBlock(): Uint8Array {
  const codes = new Uint16Array(8 << 20);
  let state = 1;
  for (let i = 0; i < codes.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    codes[i] = ((state >>> 16) & 0x8000) | (0x3c00 - ((state >>> 8) & 0x1ff));
  }
  return new Uint8Array(codes.buffer);
}
