import type { WeightSet } from "@pippin/decoder";
import type { Segment } from "@pippin/kernels/node";
import { countOf, type Shape } from "../mil/types.ts";
import { alignBlob, BLOB_ALIGNMENT, blobHeader, blobRecord } from "../package/blob-file.ts";
import type { DataTypeName } from "../proto/mil.ts";

const LATIN1 = new TextDecoder("latin1");

/** Bytes as a string of the same length: a key by content. */
export function latin1(bytes: Uint8Array): string {
  return LATIN1.decode(bytes);
}

interface Blob {
  readonly shape: Shape;
  readonly recordOffset: number;
}

/**
 * Lays out the weight file while a program is built: each distinct content gets a record at its first use. Knows
 * sizes and places only; the bytes of weights are streamed later, from `segments()`.
 */
export class BlobPool {
  readonly #weights: WeightSet;
  readonly #blobs = new Map<string, Blob>();
  readonly #segments: Segment[] = [];
  #end = BLOB_ALIGNMENT;

  constructor(weights: WeightSet) {
    this.#weights = weights;
  }

  /** A weight of the model, stored as fp16. */
  weight(role: string): Blob {
    const { shape } = this.#weights.expr(role);
    return this.#place(`weight ${role}`, "FLOAT16", shape, 2 * countOf(shape, role), () => ({
      kind: "weight",
      id: role,
      expr: this.#weights.expr(role),
      dtype: "F16",
    }));
  }

  /** Bytes known now. @returns the offset of their record. */
  bytes(dtype: DataTypeName, shape: Shape, bytes: Uint8Array): number {
    const key = `${dtype}[${shape.join(",")}]${latin1(bytes)}`;
    return this.#place(key, dtype, shape, bytes.byteLength, () => ({ kind: "bytes", bytes })).recordOffset;
  }

  /** Length of the whole file in bytes. */
  get byteLength(): number {
    return this.#end;
  }

  /** The file's content in order. */
  segments(): Segment[] {
    return [{ kind: "bytes", bytes: blobHeader(this.#blobs.size) }, ...this.#segments];
  }

  #place(key: string, dtype: DataTypeName, shape: Shape, byteLength: number, content: () => Segment): Blob {
    const known = this.#blobs.get(key);
    if (known !== undefined) return known;
    const recordOffset = alignBlob(this.#end);
    if (recordOffset > this.#end)
      this.#segments.push({ kind: "zeros", byteLength: recordOffset - this.#end });
    this.#segments.push({ kind: "bytes", bytes: blobRecord(dtype, { recordOffset, byteLength }) }, content());
    this.#end = recordOffset + BLOB_ALIGNMENT + byteLength;
    const blob = { shape, recordOffset };
    this.#blobs.set(key, blob);
    return blob;
  }
}
