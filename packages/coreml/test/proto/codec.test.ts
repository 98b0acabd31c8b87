import { isPippinError } from "@pippin/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decode,
  encode,
  mapOfStrings,
  message,
  messages,
  type Schema,
  scalar,
  scalars,
} from "../../src/proto/codec.ts";
import { MODEL, type Model } from "../../src/proto/model.ts";

const inner: Schema = { name: scalar(1, "string"), size: scalar(2, "int64") };
const outer: Schema = {
  flag: scalar(1, "bool"),
  list: scalars(2, "int32"),
  parts: messages(3, () => inner),
  one: message(4, () => inner),
  raw: scalar(5, "bytes"),
  texts: mapOfStrings(6),
  floats: scalars(7, "float"),
};

test("a message comes back as it was written", () => {
  const value = {
    flag: true,
    list: [1, -2, 300],
    parts: [{ name: "a", size: 2 ** 40 }, { name: "b" }],
    one: { size: -1 },
    raw: new Uint8Array([0, 255]),
    texts: new Map([["k", "v"]]),
    floats: [0.5, -1],
  };
  expect(decode(outer, encode(outer, value))).toEqual(value);
});

test("bytes are those of the protobuf documentation", () => {
  // The examples of the encoding guide: field 1 = 150 is 08 96 01, "testing" in field 2 is 12 07 …
  const guide: Schema = { a: scalar(1, "int32"), b: scalar(2, "string") };
  expect([...encode(guide, { a: 150, b: "testing" })]).toEqual([
    0x08, 0x96, 0x01, 0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67,
  ]);
});

test("maps are written in order of their keys", () => {
  const forward = encode(outer, {
    texts: new Map([
      ["a", "1"],
      ["b", "2"],
    ]),
  });
  const backward = encode(outer, {
    texts: new Map([
      ["b", "2"],
      ["a", "1"],
    ]),
  });
  expect(backward).toEqual(forward);
});

test("packed and unpacked lists are both read", () => {
  expect(decode(outer, new Uint8Array([0x10, 1, 0x10, 2, 0x12, 2, 3, 4]))).toMatchObject({
    list: [1, 2, 3, 4],
  });
});

test("unknown fields are skipped", () => {
  const wider: Schema = { ...outer, extra: scalar(99, "string") };
  expect(decode(outer, encode(wider, { flag: true, extra: "later version" }))).toMatchObject({ flag: true });
});

test("a map entry named __proto__ is an entry", () => {
  const read = decode<{ texts: Map<string, string> }>(
    outer,
    encode(outer, { texts: new Map([["__proto__", "x"]]) }),
  );
  expect(read.texts.get("__proto__")).toBe("x");
});

test("messages nested beyond any program are refused", () => {
  let bytes = new Uint8Array(0);
  for (let depth = 0; depth < 300; depth++) {
    // Model.pipeline (202) . models (1): each level wraps the last.
    const models = concat([0x0a], varint(bytes.length), bytes);
    bytes = concat(varint((202 << 3) | 2), varint(models.length), models);
  }
  expect(() => decode(MODEL, bytes)).toThrowError(
    expect.objectContaining({ code: "COREML_PROTO_MALFORMED" }),
  );
});

test("any bytes either parse or are refused as malformed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decode<Model>(MODEL, bytes);
      } catch (error) {
        expect(isPippinError(error) && error.code).toBe("COREML_PROTO_MALFORMED");
      }
    }),
    { numRuns: 2000 },
  );
});

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}

function concat(...parts: ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}
