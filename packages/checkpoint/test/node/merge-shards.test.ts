import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProgressEvent } from "@pippin/core";
import { expect, test } from "vitest";
import { mergeShards } from "../../src/node/merge-shards.ts";
import { safetensorsOf } from "../build-safetensors.ts";
import { folderOf } from "./temporary-folder.ts";

const FIXTURES = fileURLToPath(new URL("../fixtures/merge/", import.meta.url));

const shardsOf = () =>
  folderOf({
    "1.safetensors": safetensorsOf([{ name: "b", dtype: "U8", shape: [3], byteLength: 3 }]),
    "2.safetensors": safetensorsOf([{ name: "a", dtype: "F32", shape: [], byteLength: 4 }]),
  });

test.each(await readdir(FIXTURES))("%s merges to the bytes that safetensors writes", async (name) => {
  const folder = await folderOf({});
  const merged = await mergeShards(join(FIXTURES, name), join(folder, "merged.safetensors"));
  const expected = await readFile(join(FIXTURES, name, "expected.bytes"));
  expect(await readFile(merged.path)).toEqual(expected);
  expect(merged.byteLength).toBe(expected.length);
});

test("merging one file that is in order already copies it", async () => {
  const expected = await readFile(join(FIXTURES, "every-dtype", "expected.bytes"));
  const folder = await folderOf({ "model.safetensors": expected });
  const merged = await mergeShards(folder, join(folder, "again", "merged.safetensors"));
  expect(await readFile(merged.path)).toEqual(expected);
});

test("metadata and hashes are the caller's choice", async () => {
  const folder = await shardsOf();
  const output = join(folder, "out", "merged.safetensors");
  const merged = await mergeShards(folder, output, { metadata: { z: "1", a: "é" }, chunkHashes: true });
  const text = (await readFile(output)).subarray(8).toString("utf8");
  expect(
    text.startsWith(
      '{"__metadata__":{"a":"é","z":"1"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b"',
    ),
  ).toBe(true);
  expect(merged).toMatchObject({
    tensors: 2,
    files: 2,
    chunkSha256: [expect.stringMatching(/^[0-9a-f]{64}$/)],
  });
});

test("progress ends with all bytes", async () => {
  const folder = await shardsOf();
  const events: ProgressEvent[] = [];
  const output = join(folder, "out", "merged.safetensors");
  const { byteLength } = await mergeShards(folder, output, {}, { progress: (event) => events.push(event) });
  expect(events.at(-1)).toEqual({
    stage: "merge-shards",
    unit: "bytes",
    done: byteLength,
    total: byteLength,
  });
});

test("an output that exists is replaced only when forced", async () => {
  const folder = await shardsOf();
  const output = join(await folderOf({ "merged.safetensors": "old" }), "merged.safetensors");
  await expect(mergeShards(folder, output)).rejects.toMatchObject({ code: "CORE_OUTPUT_EXISTS" });
  expect(await readFile(output, "utf8")).toBe("old");
  await mergeShards(folder, output, { force: true });
  expect((await readFile(output)).length).toBeGreaterThan(7);
});

test("an input is never the output, forced or not", async () => {
  const folder = await shardsOf();
  const merging = mergeShards(folder, join(folder, "1.safetensors"), { force: true });
  await expect(merging).rejects.toMatchObject({ code: "CHECKPOINT_OUTPUT_IS_INPUT" });
});

test("a GGUF is not merged", async () => {
  const folder = await folderOf({ "m.gguf": "" });
  const merging = mergeShards(folder, join(folder, "merged.safetensors"));
  await expect(merging).rejects.toMatchObject({ code: "CHECKPOINT_FORMAT_UNKNOWN" });
});

test("a cancelled merge leaves nothing behind", async () => {
  const folder = await shardsOf();
  const out = await folderOf({});
  const abort = new AbortController();
  // The headers are read before the abort: cancellation meets the writing.
  const progress = ({ done, total }: ProgressEvent) => done === total && abort.abort();
  const merging = mergeShards(
    folder,
    join(out, "merged.safetensors"),
    {},
    { signal: abort.signal, progress },
  );
  await expect(merging).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  expect(await readdir(out)).toEqual([]);
});

test("a folder that cannot be made is reported", async () => {
  const folder = await shardsOf();
  const output = join(folder, "1.safetensors", "below", "merged.safetensors");
  await expect(mergeShards(folder, output)).rejects.toMatchObject({ code: "CORE_OUTPUT_UNWRITABLE" });
});
