import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { PippinError } from "@pippin/core";
import { coremlError } from "../errors.ts";

/**
 * A small table-driven protobuf codec: one table per message serves reading and writing.
 *
 * Deterministic: fields in table order, maps in sorted key order. 64-bit integers are numbers and must be safe.
 */
export type Scalar = "bool" | "int32" | "int64" | "uint64" | "string" | "bytes" | "float" | "double";

export interface Field {
  readonly no: number;
  readonly kind: "scalar" | "message" | "map";
  readonly repeated?: boolean;
  readonly scalar?: Scalar;
  /** A function, because messages may contain themselves. */
  readonly message?: () => Schema;
}

export type Schema = Readonly<Record<string, Field>>;

/** A table whose keys are exactly the properties of `T`. */
export type SchemaOf<T> = { readonly [K in keyof Required<T>]: Field };

export const scalar = (no: number, type: Scalar): Field => ({ no, kind: "scalar", scalar: type });
export const scalars = (no: number, type: Scalar): Field => ({
  no,
  kind: "scalar",
  scalar: type,
  repeated: true,
});
export const message = (no: number, of: () => Schema): Field => ({ no, kind: "message", message: of });
export const messages = (no: number, of: () => Schema): Field => ({
  no,
  kind: "message",
  message: of,
  repeated: true,
});
/** `map<string, M>`, as a `Map`: names come from files and must not meet object prototypes. */
export const mapOf = (no: number, of: () => Schema): Field => ({ no, kind: "map", message: of });
export const mapOfStrings = (no: number): Field => ({ no, kind: "map", scalar: "string" });

/** Messages nest this deep at most: a real program needs about 15 levels, a bomb thousands. */
const MAX_DEPTH = 100;

type Fields = Record<string, unknown>;

/** Fields of a message that its table does not name, as they were read: a rewritten model keeps them. */
const UNKNOWN = Symbol("unknown fields");

interface WithUnknown {
  [UNKNOWN]?: { readonly no: number; readonly wireType: WireType; readonly bytes: Uint8Array }[];
}

export function encode(schema: Schema, value: object): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(writer, schema, value as Fields);
  return writer.finish();
}

function writeMessage(writer: BinaryWriter, schema: Schema, value: Fields): void {
  for (const [key, field] of tableOf(schema).entries) {
    const content = value[key];
    if (content === undefined) continue;
    if (field.kind === "map") writeMap(writer, field, content as ReadonlyMap<string, unknown>);
    else if (!field.repeated) writeField(writer, field, content);
    else if (isPackable(field)) writePacked(writer, field, content as ArrayLike<number | boolean>);
    else for (const item of content as unknown[]) writeField(writer, field, item);
  }
  for (const { no, wireType, bytes } of (value as WithUnknown)[UNKNOWN] ?? [])
    writer.tag(no, wireType).raw(bytes);
}

function writeMap(writer: BinaryWriter, field: Field, map: ReadonlyMap<string, unknown>): void {
  const keys = [...map.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  for (const key of keys) {
    writer.tag(field.no, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(key);
    writeField(writer, mapEntrySchema(field).value!, map.get(key));
    writer.join();
  }
}

function writeField(writer: BinaryWriter, field: Field, value: unknown): void {
  if (field.kind === "message") {
    writer.tag(field.no, WireType.LengthDelimited).fork();
    writeMessage(writer, field.message!(), value as Fields);
    writer.join();
    return;
  }
  writer.tag(field.no, wireTypeOf(field.scalar!));
  writeScalar(writer, field.scalar!, value);
}

function writePacked(writer: BinaryWriter, field: Field, values: ArrayLike<number | boolean>): void {
  if (values.length === 0) return;
  writer.tag(field.no, WireType.LengthDelimited).fork();
  for (let i = 0; i < values.length; i++) writeScalar(writer, field.scalar!, values[i]);
  writer.join();
}

function isPackable(field: Field): boolean {
  return field.scalar !== undefined && field.scalar !== "string" && field.scalar !== "bytes";
}

function wireTypeOf(type: Scalar): WireType {
  if (type === "string" || type === "bytes") return WireType.LengthDelimited;
  if (type === "float") return WireType.Bit32;
  return type === "double" ? WireType.Bit64 : WireType.Varint;
}

function writeScalar(writer: BinaryWriter, type: Scalar, value: unknown): void {
  // The message interfaces beside each table give every value the type of its scalar.
  const write = writer[type] as (value: unknown) => BinaryWriter;
  write.call(writer, value);
}

/**
 * Parses a message. Unknown fields are kept as bytes, and `encode` writes them after the known ones.
 *
 * Absent repeated fields and maps come back empty, absent scalars and messages as `undefined`.
 *
 * @throws PippinError `COREML_PROTO_MALFORMED`.
 */
export function decode<T>(schema: Schema, bytes: Uint8Array): T {
  try {
    // A plain view: `slice` of a Buffer would share its memory.
    const reader = new BinaryReader(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return readMessage(reader, schema, bytes.byteLength, 0) as T;
  } catch (cause) {
    if (cause instanceof PippinError) throw cause;
    throw malformed(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function readMessage(reader: BinaryReader, schema: Schema, end: number, depth: number): Fields {
  if (depth > MAX_DEPTH) throw malformed(`messages nest deeper than ${MAX_DEPTH} levels`);
  const { byNumber, empty } = tableOf(schema);
  const result: Fields = empty();
  while (reader.pos < end) {
    const [no, wireType] = reader.tag();
    const entry = byNumber.get(no);
    if (entry === undefined) {
      const bytes = reader.skip(wireType, no, MAX_DEPTH).slice();
      const known = (result as WithUnknown)[UNKNOWN] ?? [];
      (result as WithUnknown)[UNKNOWN] = [...known, { no, wireType, bytes }];
    } else readField(reader, result, entry, wireType, depth);
  }
  if (reader.pos !== end) throw malformed("a message runs past its end");
  return result;
}

function readField(
  reader: BinaryReader,
  result: Fields,
  [key, field]: readonly [string, Field],
  wireType: WireType,
  depth: number,
): void {
  if (field.kind === "map") {
    const entry = readMessage(reader, mapEntrySchema(field), enter(reader, wireType), depth + 1);
    (result[key] as Map<string, unknown>).set((entry.key as string) ?? "", entry.value ?? emptyValue(field));
    return;
  }
  if (field.repeated && isPackable(field) && wireType === WireType.LengthDelimited) {
    const end = enter(reader, wireType);
    while (reader.pos < end) (result[key] as unknown[]).push(readScalar(reader, field.scalar!));
    if (reader.pos !== end) throw malformed("a packed field runs past its end");
    return;
  }
  const value =
    field.kind === "message"
      ? readMessage(reader, field.message!(), enter(reader, wireType), depth + 1)
      : readTyped(reader, field.scalar!, wireType);
  if (field.repeated) (result[key] as unknown[]).push(value);
  else result[key] = value;
}

/** Reads a length and returns where the message ends. */
function enter(reader: BinaryReader, wireType: WireType): number {
  if (wireType !== WireType.LengthDelimited)
    throw malformed(`wire type ${wireType} where a message was expected`);
  const length = reader.uint32();
  if (length > reader.len - reader.pos) throw malformed("a message is longer than the file");
  return reader.pos + length;
}

function readTyped(reader: BinaryReader, type: Scalar, wireType: WireType): unknown {
  if (wireType !== wireTypeOf(type)) throw malformed(`wire type ${wireType} where ${type} was expected`);
  return readScalar(reader, type);
}

function readScalar(reader: BinaryReader, type: Scalar): unknown {
  const value = reader[type]();
  if (type !== "int64" && type !== "uint64") return type === "bytes" ? (value as Uint8Array).slice() : value;
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw malformed(`the integer ${value} is not a plausible size`);
  return number;
}

interface Table {
  readonly entries: readonly (readonly [string, Field])[];
  readonly byNumber: ReadonlyMap<number, readonly [string, Field]>;
  empty(): Fields;
}

const tables = new WeakMap<Schema, Table>();

function tableOf(schema: Schema): Table {
  let table = tables.get(schema);
  if (table === undefined) {
    const entries = Object.entries(schema);
    table = {
      entries,
      byNumber: new Map(entries.map((entry) => [entry[1].no, entry])),
      empty: () => {
        const fields: Fields = {};
        for (const [key, field] of entries) {
          if (field.kind === "map") fields[key] = new Map();
          else if (field.repeated) fields[key] = [];
        }
        return fields;
      },
    };
    tables.set(schema, table);
  }
  return table;
}

const entrySchemas = new WeakMap<Field, Schema>();

function mapEntrySchema(field: Field): Schema {
  let schema = entrySchemas.get(field);
  if (schema === undefined) {
    const value: Field = field.message ? message(2, field.message) : scalar(2, field.scalar!);
    schema = { key: scalar(1, "string"), value };
    entrySchemas.set(field, schema);
  }
  return schema;
}

function emptyValue(field: Field): unknown {
  return field.message ? tableOf(field.message()).empty() : "";
}

function malformed(reason: string, cause?: unknown): PippinError {
  return coremlError("COREML_PROTO_MALFORMED", {
    message: `the model's protobuf cannot be parsed: ${reason}`,
    hint: "The package is damaged or is not a Core ML model: convert or copy it again.",
    cause,
  });
}
