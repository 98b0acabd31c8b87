import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isPippinError } from "@pippin/core";
import { expect, test } from "vitest";
import { backend } from "../../src/backend.ts";
import { convert } from "../support/convert.ts";
import { tinyModel } from "../support/tiny-model.ts";

const ROUNDS = 150;

/** Opens, describes and reads a weight; only a `PippinError` may come of it. */
async function useAll(path: string): Promise<void> {
  const opened = await backend.open(path);
  try {
    opened.describe();
    await opened.tensor("embedding.weight");
    await opened.tensor("layers.1.mlp.down.weight");
  } finally {
    await opened.close();
  }
}

test.each([
  ["Manifest.json", 11],
  ["Data/com.apple.CoreML/model.mlmodel", 12],
  ["Data/com.apple.CoreML/weights/weight.bin", 13],
])(
  "a package with damage in %s is read or refused, never worse",
  async (file, seed) => {
    const { path: original } = await convert(await tinyModel());
    const path = join(await mkdtemp(join(tmpdir(), "pippin-fuzz-")), "Tiny.mlpackage");
    await cp(original, path, { recursive: true });
    const clean = await readFile(join(path, file));
    const random = randomIntegers(seed);
    for (let round = 0; round < ROUNDS; round++) {
      await writeFile(join(path, file), damaged(clean, random));
      try {
        await useAll(path);
      } catch (error) {
        if (!isPippinError(error)) throw error;
        expect(error.message).not.toBe("");
      }
    }
  },
  60_000,
);

/** Some bytes changed, the end cut off, or a stretch doubled. */
function damaged(clean: Uint8Array, random: (below: number) => number): Uint8Array {
  const bytes = Uint8Array.from(clean);
  switch (random(4)) {
    case 0:
      return bytes.subarray(0, random(bytes.length));
    case 1: {
      const at = random(bytes.length);
      const length = random(64);
      return Uint8Array.from([...bytes.subarray(0, at + length), ...bytes.subarray(at)]);
    }
    default:
      for (let count = 1 + random(4); count > 0; count--) bytes[random(bytes.length)] = random(256);
      return bytes;
  }
}

function randomIntegers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
