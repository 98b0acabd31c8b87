import type { ByteSource } from "@pippin/core";
import { checkpointError, limitExceeded, quoted, truncated } from "./errors.ts";
import { GgufCursor } from "./gguf-cursor.ts";
import { GGML_TYPES, type GgmlType } from "./gguf-types.ts";
import { type GgufValue, readValue, readValueType } from "./gguf-values.ts";
import { refuseLfsPointer } from "./lfs-pointer.ts";
import {
  MAX_GGUF_ENTRIES,
  MAX_GGUF_KEY_BYTES,
  MAX_GGUF_NAME_BYTES,
  MAX_GGUF_RANK,
  MAX_TENSORS,
} from "./limits.ts";
import { checkedElements, type TensorInfo, tensorInvalid } from "./tensor-info.ts";

/** A GGUF file's metadata and tensor list, under the names of the file. */
export interface Gguf {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** In the order of the file's list. `dtype` is ggml's name of the type; shapes are row-major, the reverse of the file's. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

const MAGIC = "GGUF";
const DEFAULT_ALIGNMENT = 32;
/** Name length, rank, type and offset of a tensor without name and axes. */
const LEAST_TENSOR_BYTES = 24;
/** Key length, type and value of the smallest metadata entry. */
const LEAST_ENTRY_BYTES = 13;

/**
 * Reads the front of a GGUF file of version 2 or 3, little-endian.
 *
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 *
 * @throws PippinError `CHECKPOINT_LFS_POINTER`, `CHECKPOINT_GGUF_VERSION`, `CHECKPOINT_GGUF_INVALID`,
 *   `CHECKPOINT_TENSOR_INVALID`, `CHECKPOINT_TENSOR_DUPLICATE`, `CHECKPOINT_LIMIT_EXCEEDED`, `CHECKPOINT_TRUNCATED`.
 * @remarks Reads in growing windows and holds the metadata's bytes (20 MB for the largest vocabularies); no tensor.
 */
export async function readGguf(source: ByteSource, signal?: AbortSignal): Promise<Gguf> {
  await refuseLfsPointer(source, signal);
  const cursor = new GgufCursor(source, signal);
  const version = await readVersion(cursor);
  await cursor.need(16);
  const tensorCount = cursor.count("the number of tensors", LEAST_TENSOR_BYTES);
  const entryCount = cursor.count("the number of metadata entries", LEAST_ENTRY_BYTES);
  if (tensorCount > MAX_TENSORS)
    throw limitExceeded(source.name, `it lists ${tensorCount} tensors`, MAX_TENSORS);
  if (entryCount > MAX_GGUF_ENTRIES) {
    throw limitExceeded(source.name, `it has ${entryCount} metadata entries`, MAX_GGUF_ENTRIES);
  }
  const metadata = await readMetadata(cursor, entryCount);
  const listed: ListedTensor[] = [];
  for (let index = 0; index < tensorCount; index++) listed.push(await readTensor(cursor));
  return { version, metadata, tensors: layOut(listed, cursor, alignmentOf(metadata, cursor)) };
}

async function readVersion(cursor: GgufCursor): Promise<number> {
  await cursor.need(8);
  if (new TextDecoder("latin1").decode(cursor.take(4)) !== MAGIC)
    throw cursor.invalid("it does not begin with GGUF");
  const version = cursor.u32();
  if (version === 2 || version === 3) return version;
  // A version has few bits; a big-endian file shows them at the other end.
  const found =
    version !== 0 && version % 0x10000 === 0 ? "a big-endian GGUF" : `a GGUF of version ${version}`;
  throw checkpointError("CHECKPOINT_GGUF_VERSION", {
    message: `${cursor.file} is ${found}; little-endian versions 2 and 3 are read`,
    hint: "Convert the original model with a recent llama.cpp, or download a recent GGUF of it.",
    details: { file: cursor.file, version },
  });
}

async function readMetadata(cursor: GgufCursor, count: number): Promise<Map<string, GgufValue>> {
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < count; index++) {
    const key = await readName(cursor, "a metadata key", MAX_GGUF_KEY_BYTES);
    if (metadata.has(key)) throw cursor.invalid(`the metadata key ${quoted(key)} appears twice`);
    metadata.set(key, await readValue(cursor, await readValueType(cursor)));
  }
  return metadata;
}

async function readName(cursor: GgufCursor, what: string, most: number): Promise<string> {
  await cursor.need(8);
  const length = cursor.count(`the length of ${what}`, 1);
  if (length > most) throw limitExceeded(cursor.file, `${what} has ${length} bytes`, most);
  await cursor.need(length);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(cursor.take(length));
  } catch {
    throw cursor.invalid(`${what} is not valid UTF-8`);
  }
}

interface ListedTensor {
  readonly name: string;
  readonly type: GgmlType;
  readonly shape: readonly number[];
  /** From the beginning of the data. */
  readonly offset: bigint;
}

async function readTensor(cursor: GgufCursor): Promise<ListedTensor> {
  const name = await readName(cursor, "a tensor name", MAX_GGUF_NAME_BYTES);
  await cursor.need(4);
  const rank = cursor.u32();
  if (rank > MAX_GGUF_RANK)
    throw limitExceeded(cursor.file, `the tensor ${quoted(name)} has ${rank} axes`, MAX_GGUF_RANK);
  await cursor.need(8 * rank + 12);
  // Sizes beyond 2^53 become inexact here and fail the check of the product.
  const shape = Array.from({ length: rank }, () => Number(cursor.u64())).reverse();
  const typeId = cursor.u32();
  const type = GGML_TYPES.get(typeId);
  if (type === undefined) throw tensorInvalid(cursor.file, name, `has the unknown ggml type ${typeId}`);
  return { name, type, shape, offset: cursor.u64() };
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>, cursor: GgufCursor): number {
  const alignment = metadata.get("general.alignment") ?? DEFAULT_ALIGNMENT;
  const isPower = typeof alignment === "number" && alignment > 0 && Number.isInteger(Math.log2(alignment));
  if (!isPower) throw cursor.invalid("general.alignment is not a power of two");
  return alignment;
}

/** Checks that the tensors lie in the file, aligned and apart from each other. Gaps between them are allowed. */
function layOut(
  listed: readonly ListedTensor[],
  cursor: GgufCursor,
  alignment: number,
): Map<string, TensorInfo> {
  const { file } = cursor;
  const fileBytes = cursor.position + cursor.bytesLeft;
  const dataOffset = Math.ceil(cursor.position / alignment) * alignment;
  const tensors = new Map<string, TensorInfo>();
  for (const { name, type, shape, offset } of listed) {
    if (tensors.has(name)) throw tensorTwice(file, name);
    const byteLength = byteLengthOfTensor(type, shape);
    if (byteLength === undefined) {
      throw tensorInvalid(file, name, `has a shape [${shape.join(", ")}] that ${type.name} cannot have`);
    }
    if (offset % BigInt(alignment) !== 0n)
      throw tensorInvalid(file, name, `lies at ${offset}, not at a multiple of ${alignment}`);
    const end = dataOffset + Number(offset) + byteLength;
    if (end > fileBytes) throw truncated(file, end, fileBytes);
    tensors.set(name, { dtype: type.name, shape, byteOffset: dataOffset + Number(offset), byteLength });
  }
  refuseOverlaps(tensors, file);
  return tensors;
}

function byteLengthOfTensor(type: GgmlType, shape: readonly number[]): number | undefined {
  const elements = checkedElements(shape);
  // Blocks run along the last axis and do not cross rows.
  if (elements === undefined || (shape.at(-1) ?? 1) % type.blockElements !== 0) return undefined;
  const bytes = (elements / type.blockElements) * type.blockBytes;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

function refuseOverlaps(tensors: ReadonlyMap<string, TensorInfo>, file: string): void {
  const inOrder = [...tensors].sort(
    ([, a], [, b]) => a.byteOffset - b.byteOffset || a.byteLength - b.byteLength,
  );
  let end = 0;
  for (const [name, { byteOffset, byteLength }] of inOrder) {
    if (byteLength > 0 && byteOffset < end) throw tensorInvalid(file, name, "overlaps another tensor");
    end = Math.max(end, byteOffset + byteLength);
  }
}

export function tensorTwice(file: string, name: string) {
  return checkpointError("CHECKPOINT_TENSOR_DUPLICATE", {
    message: `${file}: the tensor ${quoted(name)} is listed twice`,
    hint: "The file is damaged; download it again.",
    details: { file, tensor: name },
  });
}
