import { readFile } from "node:fs/promises";
import { memorySource } from "@pippin/core";
import fc from "fast-check";
import { test } from "vitest";
import { type Gguf, readGguf } from "../src/gguf.ts";
import { ggufConfig } from "../src/gguf-config.ts";
import { GgufArray } from "../src/gguf-values.ts";
import { damaged, expectInBounds, expectReadOrPippinError } from "./mutate.ts";

/** Reads a file and everything in its metadata. */
async function readAll(bytes: Uint8Array): Promise<Gguf> {
  const gguf = await readGguf(memorySource(bytes));
  for (const value of gguf.metadata.values()) {
    if (value instanceof GgufArray) value.values();
  }
  return gguf;
}

test.each([
  ["every-value-type", 1024],
  ["tiny-llama", 1600],
])("a damaged %s either parses to tensors inside it or throws a PippinError", async (name, front) => {
  const valid = await readFile(new URL(`fixtures/gguf/${name}/input.gguf`, import.meta.url));
  await fc.assert(
    fc.asyncProperty(damaged(valid, front), async (bytes) => {
      await expectReadOrPippinError(
        () => readAll(bytes),
        ({ tensors }) => expectInBounds(tensors, bytes.length),
      );
      await expectReadOrPippinError(
        async () => ggufConfig(await readAll(bytes)),
        () => undefined,
      );
    }),
    { seed: 9, numRuns: 2500 },
  );
});

test("every single byte of a header can be any of its hostile values", async () => {
  const valid = await readFile(new URL("fixtures/gguf/tiny-llama/input.gguf", import.meta.url));
  for (let at = 0; at < 1600; at++) {
    for (const value of [0x00, 0x01, 0x09, 0x7f, 0x80, 0xff]) {
      const bytes = Uint8Array.from(valid);
      bytes[at] = value;
      await expectReadOrPippinError(
        () => readAll(bytes),
        ({ tensors }) => expectInBounds(tensors, bytes.length),
      );
    }
  }
});

test("every prefix of a file either parses or throws a PippinError", async () => {
  const valid = await readFile(new URL("fixtures/gguf/tiny-llama/input.gguf", import.meta.url));
  for (let length = 0; length < valid.length; length++) {
    await expectReadOrPippinError(
      () => readAll(valid.subarray(0, length)),
      ({ tensors }) => expectInBounds(tensors, length),
    );
  }
});

test("any bytes behind the magic either parse or throw a PippinError", async () => {
  const head = Uint8Array.from([
    0x47, 0x47, 0x55, 0x46, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
  ]);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (tail) => {
      const bytes = Buffer.concat([head, tail]);
      await expectReadOrPippinError(
        () => readAll(bytes),
        ({ tensors }) => expectInBounds(tensors, bytes.length),
      );
    }),
    { seed: 10, numRuns: 2000 },
  );
});
