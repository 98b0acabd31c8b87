import type { WeightSet } from "@pippin/decoder";
import type { Segment } from "@pippin/kernels/node";
import { countOf, type Shape } from "../mil/types.ts";
import { alignBlob, BLOB_ALIGNMENT, blobHeader, blobRecord } from "../package/blob-file.ts";
import type { DataTypeName } from "../proto/mil.ts";
import { ContentMap } from "./content-map.ts";

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
  readonly #weightBlobs = new Map<string, Blob>();
  readonly #byteBlobs = new ContentMap<Blob>();
  readonly #segments: Segment[] = [];
  #count = 0;
  #end = BLOB_ALIGNMENT;

  constructor(weights: WeightSet) {
    this.#weights = weights;
  }

  /** A weight of the model, stored as fp16. */
  weight(role: string): Blob {
    const known = this.#weightBlobs.get(role);
    if (known !== undefined) return known;
    const expr = this.#weights.expr(role);
    const blob = this.#append("FLOAT16", expr.shape, 2 * countOf(expr.shape, role), {
      kind: "weight",
      id: role,
      expr,
      dtype: "F16",
    });
    this.#weightBlobs.set(role, blob);
    return blob;
  }

  /** Bytes known now. @returns the offset of their record. */
  bytes(dtype: DataTypeName, shape: Shape, bytes: Uint8Array): number {
    return this.#byteBlobs.getOrCreate(`${dtype}[${shape.join(",")}]`, bytes, () =>
      this.#append(dtype, shape, bytes.byteLength, { kind: "bytes", bytes }),
    ).recordOffset;
  }

  /** Length of the whole file in bytes. */
  get byteLength(): number {
    return this.#end;
  }

  /** The file's content in order. */
  segments(): Segment[] {
    return [{ kind: "bytes", bytes: blobHeader(this.#count) }, ...this.#segments];
  }

  #append(dtype: DataTypeName, shape: Shape, byteLength: number, content: Segment): Blob {
    const recordOffset = alignBlob(this.#end);
    const padding = recordOffset - this.#end;
    if (padding > 0) this.#segments.push({ kind: "zeros", byteLength: padding });
    this.#segments.push({ kind: "bytes", bytes: blobRecord(dtype, { recordOffset, byteLength }) }, content);
    this.#end = recordOffset + BLOB_ALIGNMENT + byteLength;
    this.#count++;
    return { shape, recordOffset };
  }
}
