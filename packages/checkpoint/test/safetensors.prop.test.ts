import fc from "fast-check";
import { expect, test } from "vitest";
import { readSafetensorsHeader } from "../src/safetensors.ts";
import { SAFETENSORS_DTYPES, type SafetensorsDtype } from "../src/safetensors-dtypes.ts";
import { safetensorsFront } from "../src/safetensors-header-bytes.ts";
import { rawSafetensors, safetensorsOf, sourceOf } from "./build-safetensors.ts";
import { damaged, expectInBounds, expectReadOrPippinError } from "./mutate.ts";

const dtype = fc.constantFrom(...(Object.keys(SAFETENSORS_DTYPES) as SafetensorsDtype[]));
const tensor = fc.record({
  dtype,
  // A last axis of 8 makes whole bytes of the dtypes that are smaller than one.
  shape: fc.array(fc.nat({ max: 3 }), { maxLength: 3 }).map((shape) => [...shape, 8]),
});
const tensors = fc.dictionary(fc.string({ unit: "binary", maxLength: 8 }), tensor, { maxKeys: 8 });

function byteLengthOf({ dtype, shape }: { dtype: SafetensorsDtype; shape: readonly number[] }): number {
  return (shape.reduce((product, size) => product * size, 1) * SAFETENSORS_DTYPES[dtype]) / 8;
}

test("what the writer lays out the reader finds again", async () => {
  await fc.assert(
    fc.asyncProperty(tensors, fc.dictionary(fc.string(), fc.string()), async (dictionary, metadata) => {
      const planned = new Map(
        Object.entries(dictionary)
          .filter(([name]) => name !== "__metadata__")
          .map(([name, info]) => [name, { ...info, byteOffset: 0, byteLength: byteLengthOf(info) }]),
      );
      const total = [...planned.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
      const front = safetensorsFront(planned, metadata, "out");
      const file = Buffer.concat([front.bytes, new Uint8Array(total)]);
      const header = await readSafetensorsHeader(sourceOf(file));
      expect(header.metadata).toEqual(metadata);
      expect([...header.tensors.keys()].sort()).toEqual([...planned.keys()].sort());
      expectInBounds(header.tensors, file.length);
    }),
    { seed: 3, numRuns: 200 },
  );
});

test("any bytes behind a header length either parse or throw a PippinError", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 64 }), async (header, data) => {
      const bytes = rawSafetensors(header, data);
      await expectReadOrPippinError(
        () => readSafetensorsHeader(sourceOf(bytes)),
        ({ tensors }) => expectInBounds(tensors, bytes.length),
      );
    }),
    { seed: 4, numRuns: 2000 },
  );
});

test("any bytes either parse or throw a PippinError", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
      await expectReadOrPippinError(
        () => readSafetensorsHeader(sourceOf(bytes)),
        ({ tensors }) => expectInBounds(tensors, bytes.length),
      );
    }),
    { seed: 5, numRuns: 1000 },
  );
});

test("a damaged file either parses to tensors inside it or throws a PippinError", async () => {
  const valid = safetensorsOf(
    [
      { name: "model.embed_tokens.weight", dtype: "BF16", shape: [3, 4], byteLength: 24 },
      { name: "model.norm.weight", dtype: "F32", shape: [4], byteLength: 16 },
      { name: "empty", dtype: "I64", shape: [0, 2], byteLength: 0 },
      { name: "scalar", dtype: "U8", shape: [], byteLength: 1 },
    ],
    { format: "pt", note: "π" },
  );
  await fc.assert(
    fc.asyncProperty(damaged(valid, valid.length), async (bytes) => {
      await expectReadOrPippinError(
        () => readSafetensorsHeader(sourceOf(bytes)),
        ({ tensors }) => expectInBounds(tensors, bytes.length),
      );
    }),
    { seed: 6, numRuns: 5000 },
  );
});

test("every single byte can be any of its hostile values", async () => {
  const valid = safetensorsOf([{ name: "a", dtype: "F16", shape: [2, 2], byteLength: 8 }]);
  for (let at = 0; at < valid.length; at++) {
    for (const value of [0x00, 0x01, 0x22, 0x2d, 0x39, 0x5b, 0x5c, 0x7b, 0x7d, 0x80, 0xff]) {
      const bytes = valid.slice();
      bytes[at] = value;
      await expectReadOrPippinError(
        () => readSafetensorsHeader(sourceOf(bytes)),
        ({ tensors }) => expectInBounds(tensors, bytes.length),
      );
    }
  }
});
