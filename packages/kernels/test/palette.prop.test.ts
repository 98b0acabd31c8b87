import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCodeHistogram, mapCodes, packIndices, unpackIndices } from "../src/palette.ts";
import {
  plainCountCodes,
  plainDistinctValues,
  plainMapCodes,
  plainPackIndices,
  plainUnpackIndices,
} from "../src/plain/palette.ts";

const anyCodes = fc.uint16Array({ maxLength: 3000, size: "max" });
/** Few values, often: zeros of both signs, subnormals, the largest. */
const fewCodes = fc.array(fc.constantFrom(0, 0x8000, 1, 0x8001, 0x3c00, 0xbc00, 0x7bff, 0xfbff), {
  maxLength: 300,
});
const codes = fc.oneof(
  anyCodes,
  fewCodes.map((list) => Uint16Array.from(list)),
);
const bits = fc.constantFrom(1, 2, 3, 4, 6, 8);

test("the histogram and its plain twin find the same values and the same sums", () => {
  const histogram = createCodeHistogram();
  fc.assert(
    fc.property(codes, codes, (first, second) => {
      const bins = new Uint32Array(65536);
      histogram.clear();
      for (const part of [first, second]) expect(histogram.add(part)).toBe(plainCountCodes(bins, part));
      expect(histogram.distinct()).toEqual(plainDistinctValues(bins));
    }),
    { numRuns: 200 },
  );
});

test("codes over several tiles are counted as the twin counts them", () => {
  const many = Uint16Array.from({ length: 150_001 }, (_, i) => (i * i) % 0x7c00);
  const histogram = createCodeHistogram();
  const bins = new Uint32Array(65536);

  expect(histogram.add(many)).toBe(plainCountCodes(bins, many));
  expect(histogram.distinct()).toEqual(plainDistinctValues(bins));
});

test("mapping codes through a table gives what the twin gives", () => {
  const table = Uint8Array.from({ length: 65536 }, (_, code) => (code * 31) >> 3);
  fc.assert(
    fc.property(codes, (list) => {
      const [wasm, plain] = [new Uint8Array(list.length), new Uint8Array(list.length)];
      mapCodes(list, table, wasm);
      plainMapCodes(list, table, plain);
      expect(wasm).toEqual(plain);
    }),
  );
});

test("packed indices are those of the twin, and come back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1000, size: "max" }), bits, (bytes, width) => {
      const indices = bytes.map((byte) => byte & (2 ** width - 1));
      const packed = packIndices(indices, width as 4);
      expect(packed).toEqual(plainPackIndices(indices, width));
      expect(unpackIndices(packed, width as 4, indices.length)).toEqual(indices);
      expect(plainUnpackIndices(packed, width, indices.length)).toEqual(indices);
    }),
    { numRuns: 500 },
  );
});

test("tiles of packed indices join", () => {
  const indices = Uint8Array.from({ length: 140_003 }, (_, i) => (i * 7) & 7);
  const packed = packIndices(indices, 3);

  expect(packed).toEqual(plainPackIndices(indices, 3));
  expect(unpackIndices(packed, 3, indices.length)).toEqual(indices);
});

describe("bytes that coremltools' writer gives", () => {
  test.each([
    [4, [0, 1, 2, 3, 15], "10320f"],
    [3, [1, 2, 3, 4, 5, 6, 7, 0, 1], "d1581f01"],
    [6, [1, 2, 3, 63, 32], "8130fc20"],
    [2, [0, 1, 2, 3, 3], "e403"],
    [1, [1, 0, 1, 1, 0, 0, 0, 0, 1], "0d01"],
    [8, [1, 2, 255], "0102ff"],
  ] as const)("%i bits: %j", (width, indices, bytes) => {
    expect(Buffer.from(packIndices(Uint8Array.from(indices), width)).toString("hex")).toBe(bytes);
  });
});

test.each([
  ["a table that is too short", () => mapCodes(new Uint16Array(1), new Uint8Array(256), new Uint8Array(1))],
  ["fewer indices than codes", () => mapCodes(new Uint16Array(2), new Uint8Array(65536), new Uint8Array(1))],
  ["bytes that are not those of the indices", () => unpackIndices(new Uint8Array(3), 4, 4)],
])("%s is an error", (_, act) => {
  expect(act).toThrow(expect.objectContaining({ code: "KERNELS_SHAPE_MISMATCH" }));
});
