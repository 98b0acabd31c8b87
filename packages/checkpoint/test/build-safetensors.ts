import { type ByteSource, memorySource } from "@pippin/core";

/** A safetensors file from the text of its header and its data, whatever they are. */
export function rawSafetensors(header: string | Uint8Array, data: number | Uint8Array = 0): Uint8Array {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const body = typeof data === "number" ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + json.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(body, 8 + json.length);
  return bytes;
}

export function sourceOf(bytes: Uint8Array): ByteSource {
  return memorySource(bytes, "model.safetensors");
}

export interface TensorPlan {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly byteLength: number;
}

/** A well-formed file of these tensors in this order; byte `i` of the data is `i mod 256`. */
export function safetensorsOf(
  tensors: readonly TensorPlan[],
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  let begin = 0;
  const entries: [string, unknown][] = metadata ? [["__metadata__", metadata]] : [];
  for (const { name, dtype, shape, byteLength } of tensors) {
    entries.push([name, { dtype, shape, data_offsets: [begin, begin + byteLength] }]);
    begin += byteLength;
  }
  return rawSafetensors(
    JSON.stringify(Object.fromEntries(entries)),
    Uint8Array.from({ length: begin }, (_, index) => index),
  );
}
