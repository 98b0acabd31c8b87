import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readJson, withFile } from "../../src/file-tree.ts";
import { folderTree } from "../../src/node/file-source.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "pippin-tree-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  await mkdir(join(path, "inner"));
  await writeFile(join(path, "b.json"), '{"b":1}');
  await writeFile(join(path, "a.json"), "\xff");
  await writeFile(join(path, "inner", "c.json"), "[]");
  return path;
}

test("a folder lists its files and opens those in its folders too", async () => {
  const tree = folderTree(await folder());

  expect(await tree.list()).toEqual(["a.json", "b.json"]);
  expect(await withFile(tree, "inner/c.json", (source) => readJson(source))).toEqual([]);
});

test("what would leave the folder is refused", async () => {
  const tree = folderTree(await folder());

  expect(() => tree.locate("../x")).toThrow(expect.objectContaining({ code: "CORE_PATH_ESCAPES" }));
});

test.each([
  ["a file that is not there", "absent.json"],
  ["a file that is not JSON", "a.json"],
])("%s is unreadable", async (_, name) => {
  const tree = folderTree(await folder());

  await expect(withFile(tree, name, (source) => readJson(source))).rejects.toMatchObject({
    code: "CORE_FILE_UNREADABLE",
    message: expect.stringContaining(name),
  });
});

test("a file larger than expected is not read", async () => {
  const tree = folderTree(await folder());

  await expect(withFile(tree, "b.json", (source) => readJson(source, { maxBytes: 3 }))).rejects.toMatchObject(
    {
      message: expect.stringContaining("it has 7 bytes, more than the 3 expected at most"),
    },
  );
});
