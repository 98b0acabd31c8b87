import { PippinError } from "@pippin/core";
import type { TokenizerErrorCode } from "../errors.ts";

/** The key-value section of a GGUF file. Arrays are JavaScript arrays or typed arrays. */
export interface GgufMetadata {
  get(key: string): unknown;
}

export function ggufBroken(
  message: string,
  details?: Readonly<Record<string, unknown>>,
): PippinError<TokenizerErrorCode> {
  return new PippinError("TOKENIZER_GGUF_BROKEN", {
    message,
    hint: "Take the tokenizer from the original model's repository: put its tokenizer.json beside the file.",
    details,
  });
}

export function stringAt(metadata: GgufMetadata, key: string): string | undefined {
  return valueAt(metadata, key, "a string", (value) => typeof value === "string") as string | undefined;
}

export function flagAt(metadata: GgufMetadata, key: string): boolean | undefined {
  return valueAt(metadata, key, "a boolean", (value) => typeof value === "boolean") as boolean | undefined;
}

/** Ids are 32 bit; readers give them as number or bigint. */
export function idAt(metadata: GgufMetadata, key: string): number | undefined {
  const isId = (value: unknown): boolean => Number.isSafeInteger(Number(value)) && Number(value) >= 0;
  const value = valueAt(
    metadata,
    key,
    "an id",
    (id) => (typeof id === "number" || typeof id === "bigint") && isId(id),
  );
  return value === undefined ? undefined : Number(value);
}

export function stringsAt(metadata: GgufMetadata, key: string): readonly string[] | undefined {
  const isStrings = (value: unknown): boolean =>
    Array.isArray(value) && value.every((item) => typeof item === "string");
  return valueAt(metadata, key, "a list of strings", isStrings) as readonly string[] | undefined;
}

export function numbersAt(metadata: GgufMetadata, key: string): readonly number[] | undefined {
  const isNumbers = (value: unknown): boolean =>
    (ArrayBuffer.isView(value) && !(value instanceof DataView)) ||
    (Array.isArray(value) && value.every((item) => typeof item === "number"));
  // A typed array has all that is read of a number list: length and elements.
  return valueAt(metadata, key, "a list of numbers", isNumbers) as readonly number[] | undefined;
}

/** The value of a key that the file must have. */
export function required<Value>(value: Value | undefined, key: string): Value {
  if (value === undefined) throw ggufBroken(`the GGUF file has no ${key}`, { key });
  return value;
}

function valueAt(
  metadata: GgufMetadata,
  key: string,
  wanted: string,
  fits: (value: unknown) => boolean,
): unknown {
  const value = metadata.get(key);
  if (value === undefined || fits(value)) return value;
  throw ggufBroken(`${key} of the GGUF file is not ${wanted}`, { key, wanted });
}
