import type { GgufCursor } from "./gguf-cursor.ts";
import { GGUF_SCALAR_BYTES, GGUF_VALUE_TYPES, type GgufValueType } from "./gguf-types.ts";
import { MAX_GGUF_NESTING } from "./limits.ts";

/** A metadata value. 64-bit integers are `bigint` where a `number` would not hold them exactly. */
export type GgufValue = number | bigint | boolean | string | GgufArray;

/** A metadata array, kept as the file's bytes: a vocabulary of 150,000 strings costs nothing until it is asked for. */
export class GgufArray {
  readonly elementType: GgufValueType;
  readonly length: number;
  readonly #bytes: () => Uint8Array;

  /** @param bytes - gives the checked elements, without the array's own type and length. */
  constructor(elementType: GgufValueType, length: number, bytes: () => Uint8Array) {
    this.elementType = elementType;
    this.length = length;
    this.#bytes = bytes;
  }

  /** Decodes all elements; each call builds a new array. Strings: ill-formed UTF-8 becomes U+FFFD. */
  values(): GgufValue[] {
    const reader = new ElementReader(this.#bytes());
    return Array.from({ length: this.length }, () => reader.next(this.elementType));
  }
}

/** Reads a value's type. */
export async function readValueType(cursor: GgufCursor): Promise<GgufValueType> {
  await cursor.need(4);
  return valueType(cursor);
}

function valueType(cursor: GgufCursor): GgufValueType {
  const id = cursor.u32();
  const type = GGUF_VALUE_TYPES[id];
  if (type === undefined) throw cursor.invalid(`${id} is not a metadata value type`);
  return type;
}

/** Reads a value and leaves the cursor behind it. Checks every length in it. */
export async function readValue(cursor: GgufCursor, type: GgufValueType): Promise<GgufValue> {
  if (type === "ARRAY") return readArray(cursor);
  const begin = cursor.position;
  await skipValues(cursor, type, 1, 0);
  return new ElementReader(cursor.slice(begin, cursor.position)).next(type);
}

async function readArray(cursor: GgufCursor): Promise<GgufArray> {
  const { elementType, length } = await readArrayHead(cursor);
  const begin = cursor.position;
  await skipValues(cursor, elementType, length, 1);
  const end = cursor.position;
  return new GgufArray(elementType, length, () => cursor.slice(begin, end));
}

async function readArrayHead(cursor: GgufCursor): Promise<{ elementType: GgufValueType; length: number }> {
  if (!cursor.holds(12)) await cursor.need(12);
  const elementType = valueType(cursor);
  return { elementType, length: cursor.count("the length of an array", leastBytes(elementType)) };
}

function leastBytes(type: GgufValueType): number {
  if (type === "STRING") return 8;
  return type === "ARRAY" ? 12 : GGUF_SCALAR_BYTES[type];
}

async function skipValues(
  cursor: GgufCursor,
  type: GgufValueType,
  count: number,
  depth: number,
): Promise<void> {
  if (depth > MAX_GGUF_NESTING) throw cursor.invalid(`arrays are nested more than ${MAX_GGUF_NESTING} deep`);
  if (type === "STRING") return skipStrings(cursor, count);
  if (type === "ARRAY") {
    for (let index = 0; index < count; index++) {
      const { elementType, length } = await readArrayHead(cursor);
      await skipValues(cursor, elementType, length, depth + 1);
    }
    return;
  }
  const bytes = count * GGUF_SCALAR_BYTES[type];
  await cursor.need(bytes);
  cursor.skip(bytes);
}

async function skipStrings(cursor: GgufCursor, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    // Awaiting only at the window's end keeps 400,000 strings under 50 ms.
    if (!cursor.holds(8)) await cursor.need(8);
    const length = cursor.count("the length of a string", 1);
    if (!cursor.holds(length)) await cursor.need(length);
    cursor.skip(length);
  }
}

/** Decodes values whose lengths have been checked. */
class ElementReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #text = new TextDecoder("utf-8", { ignoreBOM: true });
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  next(type: GgufValueType): GgufValue {
    if (type === "STRING") return this.#text.decode(this.#advance(this.#length()));
    if (type === "ARRAY") return this.#array();
    const at = this.#at;
    this.#at += GGUF_SCALAR_BYTES[type];
    switch (type) {
      case "UINT8":
        return this.#view.getUint8(at);
      case "INT8":
        return this.#view.getInt8(at);
      case "UINT16":
        return this.#view.getUint16(at, true);
      case "INT16":
        return this.#view.getInt16(at, true);
      case "UINT32":
        return this.#view.getUint32(at, true);
      case "INT32":
        return this.#view.getInt32(at, true);
      case "FLOAT32":
        return this.#view.getFloat32(at, true);
      case "FLOAT64":
        return this.#view.getFloat64(at, true);
      case "BOOL":
        return this.#view.getUint8(at) !== 0;
      case "UINT64":
        return narrowed(this.#view.getBigUint64(at, true));
      case "INT64":
        return narrowed(this.#view.getBigInt64(at, true));
    }
  }

  #array(): GgufArray {
    const elementType = GGUF_VALUE_TYPES[this.#view.getUint32(this.#at, true)]!;
    this.#at += 4;
    const length = this.#length();
    const begin = this.#at;
    for (let index = 0; index < length; index++) this.next(elementType);
    const bytes = this.#bytes.subarray(begin, this.#at);
    return new GgufArray(elementType, length, () => bytes);
  }

  #length(): number {
    const length = Number(this.#view.getBigUint64(this.#at, true));
    this.#at += 8;
    return length;
  }

  #advance(bytes: number): Uint8Array {
    this.#at += bytes;
    return this.#bytes.subarray(this.#at - bytes, this.#at);
  }
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
