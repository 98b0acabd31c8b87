import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { test as base, expect } from "vitest";
import { fileSource, readJsonFile } from "../../src/node/file-source.ts";

const test = base.extend<{ folder: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures from the pattern
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "pippin-core-"));
    await use(folder);
    await rm(folder, { recursive: true });
  },
});

test("any range of a file is what its bytes are", async ({ folder }) => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, index) => (index * 31) % 256);
  await writeFile(join(folder, "data"), bytes);
  const source = await fileSource(join(folder, "data"), "data of a model");
  await fc.assert(
    fc.asyncProperty(fc.nat(1000), fc.nat(1000), async (a, b) => {
      const [begin, end] = [Math.min(a, b), Math.max(a, b)];
      expect(await source.read(begin, end - begin)).toEqual(bytes.slice(begin, end));
    }),
  );
  await source.close();
  expect(source).toMatchObject({ name: "data of a model", byteLength: 1000 });
});

test("a read past the end and a file that shrank are reported with both lengths", async ({ folder }) => {
  const path = join(folder, "data");
  await writeFile(path, new Uint8Array(100));
  const source = await fileSource(path, "data");
  await expect(source.read(50, 51)).rejects.toMatchObject({
    code: "CORE_READ_PAST_END",
    message: "data: bytes 50 to 101 were asked for, the file has 100",
  });
  await truncate(path, 60);
  await expect(source.read(50, 50)).rejects.toMatchObject({
    code: "CORE_READ_PAST_END",
    message: "data: bytes 50 to 100 were asked for, the file has 60",
  });
  await source.close();
});

test("a cancelled read says so", async ({ folder }) => {
  await writeFile(join(folder, "data"), "x");
  const source = await fileSource(join(folder, "data"));
  await expect(source.read(0, 1, AbortSignal.abort())).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  await source.close();
});

test("a read of a closed file is a PippinError", async ({ folder }) => {
  await writeFile(join(folder, "data"), "x");
  const source = await fileSource(join(folder, "data"));
  await source.close();
  await expect(source.read(0, 1)).rejects.toMatchObject({ code: "CORE_FILE_UNREADABLE" });
});

test("a missing file is named", async ({ folder }) => {
  const path = join(folder, "absent");
  await expect(fileSource(path)).rejects.toMatchObject({
    code: "CORE_FILE_UNREADABLE",
    message: expect.stringContaining(path),
    cause: expect.objectContaining({ code: "ENOENT" }),
  });
});

test("a folder is not a file", async ({ folder }) => {
  await expect(fileSource(folder)).rejects.toMatchObject({
    code: "CORE_FILE_UNREADABLE",
    message: `cannot read ${folder}: it is not a regular file`,
  });
});

test("JSON is read with and without a byte order mark", async ({ folder }) => {
  await writeFile(join(folder, "a.json"), '{"é": [1]}');
  await writeFile(join(folder, "b.json"), '\uFEFF{"é": [1]}');
  expect(await readJsonFile(join(folder, "a.json"))).toEqual({ é: [1] });
  expect(await readJsonFile(join(folder, "b.json"))).toEqual({ é: [1] });
});

test.each([
  ["cut off", Buffer.from('{"a": ')],
  ["empty", Buffer.from("")],
  ["not UTF-8", Buffer.from([0x22, 0xff, 0x22])],
  ["too large", Buffer.from(`"${"x".repeat(100)}"`)],
])("JSON that is %s is refused by its path", async (_, bytes) => {
  const folder = await mkdtemp(join(tmpdir(), "pippin-core-"));
  const path = join(folder, "config.json");
  await writeFile(path, bytes);
  await expect(readJsonFile(path, 64)).rejects.toMatchObject({
    code: "CORE_FILE_UNREADABLE",
    message: expect.stringContaining(path),
  });
  await rm(folder, { recursive: true });
});
