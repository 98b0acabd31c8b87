import { GGUF_VALUE_TYPES, type GgufValueType } from "../src/gguf-types.ts";

/** Bytes of a GGUF file, piece by piece; writes what it is told, also nonsense. */
export class GgufBytes {
  readonly #bytes: number[] = [];

  u32(value: number): this {
    return this.#put(4, (view) => view.setUint32(0, value, true));
  }

  u64(value: number | bigint): this {
    return this.#put(8, (view) => view.setBigUint64(0, BigInt(value), true));
  }

  f32(value: number): this {
    return this.#put(4, (view) => view.setFloat32(0, value, true));
  }

  string(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.u64(bytes.length).raw(bytes);
  }

  raw(bytes: ArrayLike<number>): this {
    for (let index = 0; index < bytes.length; index++) this.#bytes.push(bytes[index]!);
    return this;
  }

  header(tensors: number | bigint, entries: number | bigint, version = 3): this {
    return this.raw(new TextEncoder().encode("GGUF")).u32(version).u64(tensors).u64(entries);
  }

  key(name: string, type: GgufValueType): this {
    return this.string(name).u32(GGUF_VALUE_TYPES.indexOf(type));
  }

  /** A tensor's entry; `shape` in the file's order, the fastest axis first. */
  tensor(name: string, shape: readonly (number | bigint)[], type: number, offset: number | bigint): this {
    this.string(name).u32(shape.length);
    for (const size of shape) this.u64(size);
    return this.u32(type).u64(offset);
  }

  pad(alignment = 32): this {
    while (this.#bytes.length % alignment !== 0) this.#bytes.push(0);
    return this;
  }

  done(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #put(size: number, write: (view: DataView) => void): this {
    const bytes = new Uint8Array(size);
    write(new DataView(bytes.buffer));
    return this.raw(bytes);
  }
}

export type Setting = readonly [key: string, type: "UINT32" | "FLOAT32" | "STRING", value: number | string];

/** A GGUF of scalar settings and F32 tensors, which lie one after the other. */
export function ggufOf(
  settings: readonly Setting[],
  tensors: Readonly<Record<string, readonly number[]>>,
): Uint8Array {
  const names = Object.keys(tensors);
  const bytes = new GgufBytes().header(names.length, settings.length);
  for (const [key, type, value] of settings) {
    bytes.key(key, type);
    if (type === "STRING") bytes.string(String(value));
    else if (type === "UINT32") bytes.u32(Number(value));
    else bytes.f32(Number(value));
  }
  let offset = 0;
  for (const name of names) {
    bytes.tensor(name, [tensors[name]!.length], 0, offset);
    offset = Math.ceil((offset + 4 * tensors[name]!.length) / 32) * 32;
  }
  for (const name of names) {
    bytes.pad();
    for (const value of tensors[name]!) bytes.f32(value);
  }
  return bytes.pad().done();
}

/** Settings that a llama needs at least. */
export const LLAMA_SETTINGS: readonly Setting[] = [
  ["general.architecture", "STRING", "llama"],
  ["llama.context_length", "UINT32", 64],
  ["llama.embedding_length", "UINT32", 8],
  ["llama.block_count", "UINT32", 1],
  ["llama.feed_forward_length", "UINT32", 16],
  ["llama.attention.head_count", "UINT32", 2],
  ["llama.attention.layer_norm_rms_epsilon", "FLOAT32", 1e-5],
  ["llama.vocab_size", "UINT32", 5],
];
