import { limitExceeded } from "./errors.ts";
import { MAX_SAFETENSORS_HEADER_BYTES } from "./limits.ts";
import type { SafetensorsTensor } from "./safetensors.ts";
import { alignmentRank } from "./safetensors-dtypes.ts";

/** The front of a safetensors file: its bytes up to the data, and the tensors in the order of the data. */
export interface SafetensorsFront {
  readonly bytes: Uint8Array;
  readonly order: readonly string[];
}

/** The header's length is a multiple of this, so that the data begin aligned. */
const ALIGNMENT = 8;

/**
 * The front that the reference implementation writes for these tensors, byte for byte: dtypes of descending alignment,
 * then names by their UTF-8 bytes; compact JSON, padded with spaces (`prepare` in safetensors/src/tensor.rs).
 *
 * @param metadata - keys are sorted; the reference writes several of them in random order.
 * @param file - what messages call the file.
 * @throws PippinError `CHECKPOINT_LIMIT_EXCEEDED`.
 */
export function safetensorsFront(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  metadata: Readonly<Record<string, string>>,
  file: string,
): SafetensorsFront {
  const utf8 = new TextEncoder();
  const sorted = [...tensors]
    .map(([name, tensor]) => ({ name, key: utf8.encode(name), tensor }))
    .sort(
      (a, b) => alignmentRank(b.tensor.dtype) - alignmentRank(a.tensor.dtype) || compareBytes(a.key, b.key),
    );
  const fields = Object.keys(metadata).length > 0 ? [metadataField(metadata)] : [];
  let begin = 0;
  for (const { name, tensor } of sorted) {
    const { dtype, shape, byteLength } = tensor;
    const entry = { dtype, shape, data_offsets: [begin, begin + byteLength] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    begin += byteLength;
  }
  const json = utf8.encode(`{${fields.join(",")}}`);
  return { bytes: framed(json, file), order: sorted.map(({ name }) => name) };
}

function metadataField(metadata: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return `"__metadata__":{${sorted.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
}

function framed(json: Uint8Array, file: string): Uint8Array {
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  if (length > MAX_SAFETENSORS_HEADER_BYTES) {
    throw limitExceeded(file, `its header would have ${length} bytes`, MAX_SAFETENSORS_HEADER_BYTES);
  }
  const bytes = new Uint8Array(ALIGNMENT + length).fill(" ".charCodeAt(0));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, ALIGNMENT);
  return bytes;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    if (a[at] !== b[at]) return a[at]! - b[at]!;
  }
  return a.length - b.length;
}
