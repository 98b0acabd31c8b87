import fc from "fast-check";
import { expect, test } from "vitest";
import { memorySource } from "../src/byte-source.ts";
import { isPippinError } from "../src/errors.ts";

test("memory is read at any place", async () => {
  const source = memorySource(new Uint8Array([1, 2, 3, 4]), "four bytes");
  expect(source).toMatchObject({ name: "four bytes", byteLength: 4 });
  expect([...(await source.read(1, 2))]).toEqual([2, 3]);
  expect((await source.read(4, 0)).length).toBe(0);
});

test("a read past the end is reported with both lengths", async () => {
  await expect(memorySource(new Uint8Array(4), "four bytes").read(2, 3)).rejects.toMatchObject({
    code: "CORE_READ_PAST_END",
    message: "four bytes: bytes 2 to 5 were asked for, the file has 4",
  });
});

test.each([
  [-1, 1],
  [0, -1],
  [Number.NaN, 1],
  [0, Number.NaN],
  [0.5, 1],
  [0, Number.POSITIVE_INFINITY],
])("offset %s with length %s is no range", async (offset, length) => {
  await expect(memorySource(new Uint8Array(4)).read(offset, length)).rejects.toMatchObject({
    code: "CORE_READ_PAST_END",
  });
});

test("a cancelled read says so", async () => {
  await expect(memorySource(new Uint8Array(4)).read(0, 1, AbortSignal.abort())).rejects.toMatchObject({
    code: "CORE_CANCELLED",
  });
});

test("a read gives the bytes of the range or an error", async () => {
  const anyRange = fc.tuple(
    fc.uint8Array(),
    fc.integer({ min: -2, max: 12 }),
    fc.integer({ min: -2, max: 12 }),
  );
  await fc.assert(
    fc.asyncProperty(anyRange, async ([bytes, offset, length]) => {
      const inside = offset >= 0 && length >= 0 && offset + length <= bytes.length;
      const result = await memorySource(bytes)
        .read(offset, length)
        .catch((error) => error);
      if (inside) expect([...result]).toEqual([...bytes.slice(offset, offset + length)]);
      else expect(isPippinError(result)).toBe(true);
    }),
  );
});
