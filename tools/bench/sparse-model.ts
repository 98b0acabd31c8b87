import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readDecoderSpec, weightRoles } from "@pippin/decoder";

/** Parts of a role, by what Hugging Face's llama-like models call them. */
const NAMES: Readonly<Record<string, string>> = {
  input_norm: "input_layernorm",
  mlp_norm: "post_attention_layernorm",
  "attention.q_norm": "self_attn.q_norm",
  "attention.k_norm": "self_attn.k_norm",
  "attention.q": "self_attn.q_proj",
  "attention.k": "self_attn.k_proj",
  "attention.v": "self_attn.v_proj",
  "attention.o": "self_attn.o_proj",
  "mlp.gate": "mlp.gate_proj",
  "mlp.up": "mlp.up_proj",
  "mlp.down": "mlp.down_proj",
};

const GLOBAL_NAMES: Readonly<Record<string, string>> = {
  "embedding.weight": "model.embed_tokens.weight",
  "final_norm.weight": "model.norm.weight",
  "head.weight": "lm_head.weight",
};

/** Writes a checkpoint of a llama-like config whose weights are all zero, in a sparse file: it takes no disk. @returns its bytes. */
export function writeSparseModel(folder: string, config: object): number {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const [role, shape] of weightRoles(readDecoderSpec(config))) {
    const begin = end;
    end += shape.reduce((product, size) => product * size, 2);
    header[tensorName(role)] = { dtype: "BF16", shape, data_offsets: [begin, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const file = join(folder, "model.safetensors");
  writeFileSync(file, Buffer.concat([length, text]));
  const byteLength = 8 + text.length + end;
  truncateSync(file, byteLength);
  return byteLength;
}

function tensorName(role: string): string {
  const [, layer, part, kind] = /^layers\.(\d+)\.(.+)\.(weight|bias)$/.exec(role) ?? [];
  if (part === undefined) return GLOBAL_NAMES[role]!;
  return `model.layers.${layer}.${NAMES[part]}.${kind}`;
}
