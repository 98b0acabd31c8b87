import { type ByteSource, safeNumber } from "@pippin/core";
import { coremlError } from "../errors.ts";
import type { DataTypeName } from "../proto/mil.ts";

// MIL blob storage, version 2: a 64-byte header, then 64-byte records, each followed by its data; all records and
// data begin at multiples of 64.

export const BLOB_ALIGNMENT = 64;
export const BLOB_VERSION = 2;
const SENTINEL = 0xdeadbeef;

/** Numbers of the element types in records; they are not those of MIL. */
export const BLOB_DATA_TYPE: Readonly<Partial<Record<DataTypeName, number>>> = {
  FLOAT16: 1,
  FLOAT32: 2,
  UINT8: 3,
  INT8: 4,
  BFLOAT16: 5,
  INT16: 6,
  UINT16: 7,
  INT4: 8,
  UINT1: 9,
  UINT2: 10,
  UINT4: 11,
  UINT3: 12,
  UINT6: 13,
  INT32: 14,
  UINT32: 15,
  FLOAT8E4M3FN: 16,
  FLOAT8E5M2: 17,
};

const NAME_OF = new Map(
  Object.entries(BLOB_DATA_TYPE).map(([name, number]) => [number, name as DataTypeName]),
);

export interface BlobRecord {
  readonly dtype: DataTypeName;
  /** Place of the data in the file. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

export function alignBlob(offset: number): number {
  return Math.ceil(offset / BLOB_ALIGNMENT) * BLOB_ALIGNMENT;
}

/** The 64 bytes at the start of the file. */
export function blobHeader(count: number): Uint8Array {
  const bytes = new Uint8Array(BLOB_ALIGNMENT);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, count, true);
  view.setUint32(4, BLOB_VERSION, true);
  return bytes;
}

/** The record at `recordOffset`; its data follows at once. `unusedBits` are those of the last byte of packed data. */
export function blobRecord(
  dtype: DataTypeName,
  place: { readonly recordOffset: number; readonly byteLength: number; readonly unusedBits?: number },
): Uint8Array {
  const type = BLOB_DATA_TYPE[dtype];
  if (type === undefined) throw new TypeError(`${dtype} cannot be stored in a weight file`);
  const bytes = new Uint8Array(BLOB_ALIGNMENT);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, SENTINEL, true);
  view.setUint32(4, type, true);
  view.setBigUint64(8, BigInt(place.byteLength), true);
  view.setBigUint64(16, BigInt(place.recordOffset + BLOB_ALIGNMENT), true);
  view.setBigUint64(24, BigInt(place.unusedBits ?? 0), true);
  return bytes;
}

/**
 * Checks a weight file's header.
 *
 * @returns how many blobs it claims to hold.
 * @throws PippinError `COREML_WEIGHTS_INVALID`.
 */
export async function readBlobHeader(source: ByteSource): Promise<number> {
  if (source.byteLength < BLOB_ALIGNMENT) throw invalid(source, "it is shorter than its 64-byte header");
  const view = viewOf(await source.read(0, BLOB_ALIGNMENT));
  const version = view.getUint32(4, true);
  if (version !== BLOB_VERSION)
    throw invalid(source, `it has storage version ${version}, ${BLOB_VERSION} is known`);
  return view.getUint32(0, true);
}

/**
 * Reads and checks the record at `offset`.
 *
 * @throws PippinError `COREML_WEIGHTS_INVALID` when there is no record or its data lies outside the file.
 */
export async function readBlobRecord(source: ByteSource, offset: number): Promise<BlobRecord> {
  if (
    offset % BLOB_ALIGNMENT !== 0 ||
    offset < BLOB_ALIGNMENT ||
    offset + BLOB_ALIGNMENT > source.byteLength
  ) {
    throw invalid(source, `offset ${offset} is not that of a record`);
  }
  const view = viewOf(await source.read(offset, BLOB_ALIGNMENT));
  if (view.getUint32(0, true) !== SENTINEL) throw invalid(source, `there is no record at offset ${offset}`);
  const dtype = NAME_OF.get(view.getUint32(4, true));
  if (dtype === undefined) {
    throw invalid(source, `the record at ${offset} has the unknown type ${view.getUint32(4, true)}`);
  }
  const byteLength = safeNumber(view.getBigUint64(8, true), "the size of a blob");
  const byteOffset = safeNumber(view.getBigUint64(16, true), "the offset of a blob");
  if (byteOffset % BLOB_ALIGNMENT !== 0 || byteOffset + byteLength > source.byteLength) {
    throw invalid(
      source,
      `the record at ${offset} names bytes ${byteOffset} to ${byteOffset + byteLength}, the file has ${source.byteLength}`,
    );
  }
  return { dtype, byteOffset, byteLength };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function invalid(source: ByteSource, reason: string) {
  return coremlError("COREML_WEIGHTS_INVALID", {
    message: `${source.name} is not a valid weight file: ${reason}`,
    hint: "The package is damaged or was copied incompletely: convert or copy it again.",
    details: { file: source.name },
  });
}
