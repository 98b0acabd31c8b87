import { expect, test } from "vitest";
import type { SafetensorsDtype } from "../src/safetensors-dtypes.ts";
import { safetensorsFront } from "../src/safetensors-header-bytes.ts";

const tensorsOf = (...tensors: [string, SafetensorsDtype, number][]) =>
  new Map(
    tensors.map(([name, dtype, byteLength]) => [name, { dtype, shape: [0], byteOffset: 0, byteLength }]),
  );

test("dtypes of larger alignment come first, then names", () => {
  const tensors = tensorsOf(
    ["b", "F16", 2],
    ["a", "F16", 2],
    ["z", "F64", 8],
    ["y", "U8", 1],
    ["x", "BF16", 2],
  );
  expect(safetensorsFront(tensors, {}, "out").order).toEqual(["z", "x", "a", "b", "y"]);
});

test("names sort by their UTF-8 bytes", () => {
  const tensors = tensorsOf(["\u{1F600}", "U8", 1], ["\uE000", "U8", 1], ["ab", "U8", 1], ["a", "U8", 1]);
  expect(safetensorsFront(tensors, {}, "out").order).toEqual(["a", "ab", "\uE000", "\u{1F600}"]);
});

test.each([0, 1, 2, 3, 4, 5, 6, 7])(
  "the data begin at a multiple of 8, also with a name of %i letters",
  (length) => {
    const { bytes } = safetensorsFront(tensorsOf(["n".repeat(length), "U8", 1]), {}, "out");
    const view = new DataView(bytes.buffer);
    expect([bytes.length % 8, Number(view.getBigUint64(0, true))]).toEqual([0, bytes.length - 8]);
  },
);
