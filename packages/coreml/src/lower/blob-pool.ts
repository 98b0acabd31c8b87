import type { WeightSet } from "@pippin/decoder";
import { type LinearEncoding, linearGroupSize, type WeightExpr } from "@pippin/kernels";
import type { Segment } from "@pippin/kernels/node";
import { BITS, countOf, packedBytes, type Shape } from "../mil/types.ts";
import { alignBlob, BLOB_ALIGNMENT, blobHeader, blobRecord } from "../package/blob-file.ts";
import type { DataTypeName } from "../proto/mil.ts";
import { ContentMap } from "./content-map.ts";
import { encodingOf, type Quantize } from "./encodings.ts";

interface Blob {
  readonly shape: Shape;
  readonly recordOffset: number;
}

/** A weight in the file: its values, or integers whose dense values are scale · integer. */
export type StoredWeight =
  | (Blob & { readonly kind: "dense" })
  | {
      readonly kind: "linear";
      /** Of the dense matrix. */
      readonly shape: readonly [rows: number, columns: number];
      readonly dtype: "INT4" | "INT8";
      readonly data: Blob;
      /** `[rows, blocks of a row]`. */
      readonly scale: Blob;
    };

/**
 * Lays out the weight file while a program is built: each distinct content gets a record at its first use. Knows
 * sizes and places only; the bytes of weights are streamed later, from `segments()`.
 */
export class BlobPool {
  readonly #weights: WeightSet;
  readonly #stored = new Map<string, StoredWeight>();
  readonly #quantize: Quantize;
  readonly #byteBlobs = new ContentMap<Blob>();
  readonly #segments: Segment[] = [];
  #count = 0;
  #end = BLOB_ALIGNMENT;

  constructor(weights: WeightSet, quantize: Quantize) {
    this.#weights = weights;
    this.#quantize = quantize;
  }

  /** A weight of the model, in fp16 or as the recipe wants it. */
  weight(role: string): StoredWeight {
    const known = this.#stored.get(role);
    if (known !== undefined) return known;
    const expr = this.#weights.expr(role);
    const encoding = encodingOf(this.#quantize, role, expr.shape);
    const stored = encoding ? this.#encoded(role, expr, encoding) : this.#dense(role, expr);
    this.#stored.set(role, stored);
    return stored;
  }

  #dense(id: string, expr: WeightExpr): StoredWeight {
    const byteLength = 2 * countOf(expr.shape, id);
    const content: Segment = { kind: "weight", id, expr, dtype: "F16" };
    return { kind: "dense", ...this.#append("FLOAT16", expr.shape, byteLength, content) };
  }

  #encoded(id: string, expr: WeightExpr, encoding: LinearEncoding): StoredWeight {
    const [rows = 0, columns = 0] = expr.shape;
    const dtype = encoding.dtype === "int4" ? "INT4" : "INT8";
    const count = rows * columns;
    const data = this.#append(dtype, expr.shape, packedBytes(dtype, count), {
      kind: "encoded",
      ...{ id, expr, encoding },
    });
    const scales = [rows, columns / linearGroupSize(encoding, rows, columns)];
    const scale = this.#append("FLOAT16", scales, 2 * countOf(scales, id), {
      kind: "encodedPart",
      ...{ of: id, part: "scale" },
    });
    return { kind: "linear", shape: [rows, columns], dtype, data, scale };
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
    const unusedBits =
      8 * byteLength - countOf(shape, dtype) * BITS[dtype as Exclude<DataTypeName, "STRING">];
    const record = blobRecord(dtype, { recordOffset, byteLength, unusedBits });
    this.#segments.push({ kind: "bytes", bytes: record }, content);
    this.#end = recordOffset + BLOB_ALIGNMENT + byteLength;
    this.#count++;
    return { shape, recordOffset };
  }
}
