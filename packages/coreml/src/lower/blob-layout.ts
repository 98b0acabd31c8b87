import type { Segment } from "@pippin/kernels/node";
import { BITS, countOf, packedBytes, type Shape } from "../mil/types.ts";
import { alignBlob, BLOB_ALIGNMENT, blobHeader, blobRecord } from "../package/blob-file.ts";
import type { DataTypeName } from "../proto/mil.ts";

/** Types that a blob can have. */
export type BlobType = Exclude<DataTypeName, "STRING">;

/** A blob of the weight file. */
export interface Blob {
  readonly dtype: DataTypeName;
  readonly shape: Shape;
  readonly recordOffset: number;
}

/** Lays blobs out in a weight file: sizes and places; their bytes are streamed later, from `segments()`. */
export class BlobLayout {
  readonly #segments: Segment[] = [];
  #count = 0;
  #end = BLOB_ALIGNMENT;

  append(dtype: BlobType, shape: Shape, content: Segment): Blob {
    const recordOffset = alignBlob(this.#end);
    const padding = recordOffset - this.#end;
    if (padding > 0) this.#segments.push({ kind: "zeros", byteLength: padding });
    const count = countOf(shape, dtype);
    const byteLength = packedBytes(dtype, count);
    const unusedBits = 8 * byteLength - count * BITS[dtype];
    const record = blobRecord(dtype, { recordOffset, byteLength, unusedBits });
    this.#segments.push({ kind: "bytes", bytes: record }, content);
    this.#end = recordOffset + BLOB_ALIGNMENT + byteLength;
    this.#count++;
    return { dtype, shape, recordOffset };
  }

  /** Length of the whole file in bytes. */
  get byteLength(): number {
    return this.#end;
  }

  /** The file's content in order. */
  segments(): Segment[] {
    return [{ kind: "bytes", bytes: blobHeader(this.#count) }, ...this.#segments];
  }
}
