import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withOutputFile } from "@pippin/core/node";
import { beforeEach, expect, test } from "vitest";

let folder: string;
let target: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pippin-"));
  target = join(folder, "made", "weights.bin");
});

const writeText = (text: string) => (staging: string) => writeFile(staging, text);

test("a file appears with its folder, and nothing beside it", async () => {
  await withOutputFile(target, {}, writeText("new"));
  expect(await readFile(target, "utf8")).toBe("new");
  expect(await readdir(join(folder, "made"))).toEqual(["weights.bin"]);
});

test("a file that exists is kept, and replaced with force", async () => {
  await withOutputFile(target, {}, writeText("old"));
  await expect(withOutputFile(target, {}, writeText("new"))).rejects.toMatchObject({
    code: "CORE_OUTPUT_EXISTS",
  });
  expect(await readFile(target, "utf8")).toBe("old");
  await withOutputFile(target, { force: true }, writeText("new"));
  expect(await readFile(target, "utf8")).toBe("new");
});

test("work that fails or is cancelled leaves the old file and nothing beside it", async () => {
  await withOutputFile(target, {}, writeText("old"));
  const failing = withOutputFile(target, { force: true }, async (staging) => {
    await writeFile(staging, "half");
    throw new Error("no more paper");
  });
  await expect(failing).rejects.toThrow("no more paper");
  const controller = new AbortController();
  const cancelled = withOutputFile(target, { force: true, signal: controller.signal }, async (staging) => {
    await writeFile(staging, "whole");
    controller.abort();
  });
  await expect(cancelled).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  expect(await readFile(target, "utf8")).toBe("old");
  expect(await readdir(join(folder, "made"))).toEqual(["weights.bin"]);
});

test("what a killed run staged is removed by the next", async () => {
  // Larger than any number Linux gives.
  const stale = join(folder, "made", ".weights.bin.pippin-writing-4194999");
  await mkdir(stale, { recursive: true });
  await writeFile(join(stale, "weights.bin"), "half");
  await withOutputFile(target, {}, writeText("new"));
  expect(await readdir(join(folder, "made"))).toEqual(["weights.bin"]);
});

test.each([
  ["a folder stands in its place", (at: string) => at],
  ["its folder is a file", (at: string) => join(at, "file", "weights.bin")],
])("it is reported when %s", async (_, place) => {
  await writeFile(join(folder, "file"), "");
  await expect(withOutputFile(place(folder), { force: true }, writeText("new"))).rejects.toMatchObject({
    code: "CORE_OUTPUT_UNWRITABLE",
  });
});
