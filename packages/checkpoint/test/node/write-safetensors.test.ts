import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileSource } from "@pippin/core/node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TensorBytes, writeSafetensors } from "../../src/node/write-safetensors.ts";
import { readSafetensorsHeader } from "../../src/safetensors.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pippin-write-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("tensors and metadata are read back, over an older file", async () => {
  const path = join(folder, "a.safetensors");
  const tensors = new Map<string, TensorBytes>([
    ["codes", { dtype: "U8", shape: [3], bytes: Uint8Array.of(7, 8, 9) }],
    ["scales", { dtype: "F16", shape: [2, 1], bytes: Uint8Array.of(0, 60, 0, 188) }],
  ]);
  await writeSafetensors(path, new Map(), {});
  await writeSafetensors(path, tensors, { made: "here" });

  const file = await fileSource(path);
  const { metadata, tensors: read } = await readSafetensorsHeader(file);
  const bytesOf = (name: string) => file.read(read.get(name)!.byteOffset, read.get(name)!.byteLength);
  expect(metadata).toEqual({ made: "here" });
  expect([...(await bytesOf("codes"))]).toEqual([7, 8, 9]);
  expect([...(await bytesOf("scales"))]).toEqual([0, 60, 0, 188]);
  expect(read.get("scales")).toMatchObject({ dtype: "F16", shape: [2, 1] });
  await file.close();
});

test("an aborted signal leaves no file", async () => {
  const path = join(folder, "b.safetensors");
  const write = writeSafetensors(path, new Map(), {}, { signal: AbortSignal.abort() });
  await expect(write).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  await expect(fileSource(path)).rejects.toMatchObject({ code: "CORE_FILE_UNREADABLE" });
});
