import { isPippinError } from "@pippin/core";
import fc from "fast-check";
import { expect } from "vitest";

/** One change to a file: bytes overwritten, inserted or removed at a place between 0 and 1. */
interface Mutation {
  readonly at: number;
  readonly remove: number;
  readonly insert: Uint8Array;
}

/** Bytes that headers are made of and numbers go wrong with. */
const hostileBytes = fc.oneof(
  fc.uint8Array({ maxLength: 9 }),
  fc
    .constantFrom('"', "{", "[", ",", "9999999999", "-1", "1e9", "__proto__", "\\ud800")
    .map((text) => new TextEncoder().encode(text)),
  fc.constantFrom(0, 0x7f, 0x80, 0xff).map((byte) => new Uint8Array(8).fill(byte)),
);

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.constantFrom(0, 1, 1, 1, 4, 8, 64),
  insert: hostileBytes,
});

/** Damaged versions of a file's first `front` bytes, where its header is; the rest follows unchanged. */
export function damaged(bytes: Uint8Array, front: number): fc.Arbitrary<Uint8Array> {
  return fc
    .array(mutation, { minLength: 1, maxLength: 3 })
    .map((mutations) => mutations.reduce((file, change) => apply(file, change, front), bytes));
}

function apply(bytes: Uint8Array, { at, remove, insert }: Mutation, front: number): Uint8Array {
  const begin = Math.floor(at * Math.min(front, bytes.length));
  const result = new Uint8Array(begin + insert.length + Math.max(0, bytes.length - begin - remove));
  result.set(bytes.subarray(0, begin));
  result.set(insert, begin);
  result.set(bytes.subarray(begin + remove), begin + insert.length);
  return result;
}

/** Runs `read` and expects success, which `check` then judges, or a `PippinError`. */
export async function expectReadOrPippinError<T>(
  read: () => T | Promise<T>,
  check: (value: T) => void,
): Promise<void> {
  let value: T;
  try {
    value = await read();
  } catch (error) {
    if (!isPippinError(error)) throw error;
    return;
  }
  check(value);
}

/** Every tensor lies inside a file of `byteLength` bytes. */
export function expectInBounds(
  tensors: ReadonlyMap<string, { readonly byteOffset: number; readonly byteLength: number }>,
  byteLength: number,
): void {
  for (const tensor of tensors.values()) {
    expect(Number.isSafeInteger(tensor.byteOffset) && tensor.byteOffset >= 0).toBe(true);
    expect(Number.isSafeInteger(tensor.byteLength) && tensor.byteLength >= 0).toBe(true);
    expect(tensor.byteOffset + tensor.byteLength).toBeLessThanOrEqual(byteLength);
  }
}
