import type { ByteSource } from "@pippin/core";
import { checkpointError, limitExceeded, quoted, truncated } from "./errors.ts";
import { JsonCursor } from "./json-cursor.ts";
import { refuseLfsPointer } from "./lfs-pointer.ts";
import { MAX_RANK, MAX_SAFETENSORS_HEADER_BYTES, MAX_TENSORS } from "./limits.ts";
import { isSafetensorsDtype, SAFETENSORS_DTYPES, type SafetensorsDtype } from "./safetensors-dtypes.ts";
import { checkedElements, type TensorInfo, tensorInvalid } from "./tensor-info.ts";

export interface SafetensorsTensor extends TensorInfo {
  readonly dtype: SafetensorsDtype;
}

export interface SafetensorsHeader {
  /** `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order in which they lie in the file. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
}

/** The header's length, a little-endian u64, precedes it. */
const LENGTH_BYTES = 8;

/**
 * Reads the header of a safetensors file, as strictly as the reference reader: tensors cover the data exactly, one
 * after the other, and the file ends where the last one does. Stricter in one thing: duplicate keys are refused.
 *
 * Format: https://github.com/huggingface/safetensors#format
 *
 * @throws PippinError `CHECKPOINT_LFS_POINTER`, `CHECKPOINT_TRUNCATED`, `CHECKPOINT_LIMIT_EXCEEDED`,
 *   `CHECKPOINT_HEADER_INVALID`, `CHECKPOINT_DTYPE_UNKNOWN`, `CHECKPOINT_TENSOR_INVALID`.
 * @remarks Holds the header's bytes and text; no tensor is read.
 */
export async function readSafetensorsHeader(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<SafetensorsHeader> {
  await refuseLfsPointer(source, signal);
  if (source.byteLength < LENGTH_BYTES) throw truncated(source.name, LENGTH_BYTES, source.byteLength);
  const head = await source.read(0, LENGTH_BYTES, signal);
  const claimed = new DataView(head.buffer, head.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (claimed > BigInt(MAX_SAFETENSORS_HEADER_BYTES)) {
    const what = `the first 8 bytes announce a header of ${claimed} bytes`;
    throw limitExceeded(source.name, what, MAX_SAFETENSORS_HEADER_BYTES);
  }
  const headerBytes = Number(claimed);
  const dataOffset = LENGTH_BYTES + headerBytes;
  if (dataOffset > source.byteLength) throw truncated(source.name, dataOffset, source.byteLength);
  const text = decodeHeader(await source.read(LENGTH_BYTES, headerBytes, signal), source.name);
  const { metadata, entries } = parseHeader(text, source.name);
  return { metadata, tensors: layOut(entries, dataOffset, source) };
}

interface Entry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** From the beginning of the data. */
  readonly begin: number;
  readonly end: number;
}

function decodeHeader(bytes: Uint8Array, file: string): string {
  if (bytes[0] !== "{".charCodeAt(0)) throw headerInvalid(file, "it does not begin with {");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw headerInvalid(file, "it is not valid UTF-8", cause);
  }
}

function parseHeader(text: string, file: string): { metadata: Record<string, string>; entries: Entry[] } {
  const json = new JsonCursor(text, (reason, at) => headerInvalid(file, `at character ${at}: ${reason}`));
  let metadata: Record<string, string> = {};
  const entries: Entry[] = [];
  json.object((key) => {
    if (key === "__metadata__") {
      metadata = readMetadata(json);
      return;
    }
    if (entries.length === MAX_TENSORS)
      throw limitExceeded(file, "its header lists too many tensors", MAX_TENSORS);
    entries.push(readEntry(json, key, file));
  });
  json.end();
  return { metadata, entries };
}

function readMetadata(json: JsonCursor): Record<string, string> {
  const pairs: [string, string][] = [];
  json.object((key) => pairs.push([key, json.string()]));
  // fromEntries defines own properties, so that a key "__proto__" stays data.
  return Object.fromEntries(pairs);
}

function readEntry(json: JsonCursor, name: string, file: string): Entry {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  json.object((field) => {
    if (field === "dtype") dtype = json.string();
    else if (field === "shape") shape = readIntegers(json, MAX_RANK);
    else if (field === "data_offsets") offsets = readIntegers(json, 2);
    else json.skip();
  });
  if (dtype === undefined || shape === undefined || offsets?.length !== 2) {
    throw headerInvalid(file, `the tensor ${quoted(name)} lacks dtype, shape or its two data_offsets`);
  }
  if (!isSafetensorsDtype(dtype)) throw dtypeUnknown(file, name, dtype);
  return { name, dtype, shape, begin: offsets[0]!, end: offsets[1]! };
}

function readIntegers(json: JsonCursor, most: number): number[] {
  const values: number[] = [];
  json.array(() => {
    if (values.length === most) throw json.fail(`expected at most ${most} numbers`);
    values.push(json.integer());
  });
  return values;
}

/** Sorts by place and checks that the tensors cover the data without holes and overlaps. */
function layOut(entries: Entry[], dataOffset: number, source: ByteSource): Map<string, SafetensorsTensor> {
  const file = source.name;
  const tensors = new Map<string, SafetensorsTensor>();
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let expected = 0;
  for (const { name, dtype, shape, begin, end } of entries) {
    const byteLength = byteLengthOfEntry(dtype, shape);
    if (byteLength === undefined)
      throw tensorInvalid(file, name, `has an impossible shape [${shape.join(", ")}]`);
    if (end - begin !== byteLength) {
      const wanted = `${dtype} [${shape.join(", ")}] takes ${byteLength} bytes`;
      throw tensorInvalid(file, name, `lies at ${begin} to ${end}, but ${wanted}`);
    }
    if (begin !== expected) {
      const fault = begin < expected ? "overlaps the tensor before it" : "leaves a hole before it";
      throw tensorInvalid(file, name, `begins at ${begin} instead of ${expected}: it ${fault}`);
    }
    tensors.set(name, { dtype, shape, byteOffset: dataOffset + begin, byteLength });
    expected = end;
  }
  const wanted = dataOffset + expected;
  if (wanted > source.byteLength) throw truncated(file, wanted, source.byteLength);
  if (wanted < source.byteLength) {
    throw headerInvalid(file, `its tensors end at byte ${wanted}, the file has ${source.byteLength}`);
  }
  return tensors;
}

/** Bytes of a tensor, or `undefined` when they are not a whole number below 2^53. */
function byteLengthOfEntry(dtype: SafetensorsDtype, shape: readonly number[]): number | undefined {
  const elements = checkedElements(shape);
  const bytes = elements === undefined ? Number.NaN : (elements / 8) * SAFETENSORS_DTYPES[dtype];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

function headerInvalid(file: string, reason: string, cause?: unknown) {
  return checkpointError("CHECKPOINT_HEADER_INVALID", {
    message: `the safetensors header of ${file} cannot be used: ${reason}`,
    hint: "The file is damaged or not a safetensors file; download it again.",
    details: { file },
    cause,
  });
}

function dtypeUnknown(file: string, tensor: string, dtype: string) {
  return checkpointError("CHECKPOINT_DTYPE_UNKNOWN", {
    message: `${file}: the tensor ${quoted(tensor)} has the unknown dtype ${quoted(dtype)}`,
    hint: `The format has these: ${Object.keys(SAFETENSORS_DTYPES).join(", ")}.`,
    details: { file, tensor: tensor.slice(0, 200), dtype: dtype.slice(0, 200) },
  });
}
