import fc from "fast-check";
import { expect, test } from "vitest";
import { windowsOf } from "../src/windows.ts";

async function collect(pieces: readonly (readonly number[])[], options: { size: number; count?: number }) {
  const windows: (readonly number[])[] = [];
  for await (const window of windowsOf(pieces, options)) windows.push(window);
  return windows;
}

test("what is left at the end is dropped, unless it is all there is", async () => {
  expect(await collect([[1, 2, 3, 4, 5]], { size: 2 })).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(await collect([[1], [2]], { size: 4 })).toEqual([[1, 2]]);
  expect(await collect([[]], { size: 4 })).toEqual([]);
  expect(await collect([[1, 2]], { size: 1, count: 0 })).toEqual([]);
});

test("no more pieces are read than the windows need", async () => {
  let read = 0;
  function* pieces() {
    for (;;) {
      read++;
      yield [1, 2, 3];
    }
  }
  const windows: unknown[] = [];
  for await (const window of windowsOf(pieces(), { size: 4, count: 2 })) windows.push(window);
  expect([windows.length, read]).toEqual([2, 3]);
});

test("windows do not depend on how the stream is cut", async () => {
  const pieces = fc.array(fc.array(fc.nat(99), { maxLength: 9 }), { maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(pieces, fc.integer({ min: 1, max: 7 }), async (cut, size) => {
      expect(await collect(cut, { size })).toEqual(await collect([cut.flat()], { size }));
    }),
  );
});
