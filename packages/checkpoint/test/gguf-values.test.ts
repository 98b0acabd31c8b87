import { memorySource } from "@pippin/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readGguf } from "../src/gguf.ts";
import { GgufArray } from "../src/gguf-values.ts";
import { GgufBytes } from "./build-gguf.ts";

async function arrayOf(bytes: GgufBytes): Promise<GgufArray> {
  const value = (await readGguf(memorySource(bytes.done()))).metadata.get("a");
  if (value instanceof GgufArray) return value;
  throw new TypeError("the fixture holds no array");
}

test("a string array gives back what was written", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: "grapheme" }), { maxLength: 50 }), async (strings) => {
      const bytes = new GgufBytes().header(0, 1).key("a", "ARRAY").u32(8).u64(strings.length);
      for (const text of strings) bytes.string(text);
      const array = await arrayOf(bytes);
      expect([array.elementType, array.length, array.values()]).toEqual(["STRING", strings.length, strings]);
    }),
    { seed: 8, numRuns: 100 },
  );
});

test("nested arrays keep their structure", async () => {
  const bytes = new GgufBytes().header(0, 1).key("a", "ARRAY").u32(9).u64(2);
  bytes.u32(4).u64(2).u32(7).u32(8).u32(8).u64(1).string("x");
  const array = await arrayOf(bytes);
  const inner = array.values() as GgufArray[];
  expect(inner.map((element) => [element.elementType, element.values()])).toEqual([
    ["UINT32", [7, 8]],
    ["STRING", ["x"]],
  ]);
});

test("ill-formed UTF-8 in a value becomes U+FFFD", async () => {
  const array = await arrayOf(
    new GgufBytes().header(0, 1).key("a", "ARRAY").u32(8).u64(1).u64(2).raw([0x61, 0xff]),
  );
  expect(array.values()).toEqual(["a\uFFFD"]);
});

test("150,000 strings cross many windows unharmed", async () => {
  const count = 150_000;
  const bytes = new GgufBytes().header(0, 1).key("a", "ARRAY").u32(8).u64(count);
  for (let index = 0; index < count; index++)
    bytes.u64(6).raw([...String(100_000 + (index % 900_000))].map((digit) => digit.charCodeAt(0)));
  const values = (await arrayOf(bytes)).values();
  expect([values.length, values[0], values[77_777], values.at(-1)]).toEqual([
    count,
    "100000",
    "177777",
    "249999",
  ]);
});
