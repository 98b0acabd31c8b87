import { join } from "node:path";
import { expect, test } from "vitest";
import { findWeights } from "../../src/node/find-weights.ts";
import { folderOf } from "./temporary-folder.ts";

const INDEX = "model.safetensors.index.json";

test.each([
  [
    "the single file",
    ["model.safetensors", INDEX, "a.safetensors"],
    { kind: "safetensors", files: ["model.safetensors"] },
  ],
  ["then the index", [INDEX, "b.safetensors"], { kind: "indexed", index: INDEX }],
  [
    "then all safetensors",
    ["b.safetensors", "a.safetensors", "m.gguf"],
    { kind: "safetensors", files: ["a.safetensors", "b.safetensors"] },
  ],
  ["then the one GGUF", ["m.gguf", "pytorch_model.bin"], { kind: "gguf", file: "m.gguf" }],
])("in a folder %s is taken", async (_, names, expected) => {
  const folder = await folderOf(Object.fromEntries(names.map((name) => [name, ""])));
  expect(await findWeights(folder)).toMatchObject({ weights: expected, tree: { name: folder } });
});

test.each([
  ["a.safetensors", { kind: "safetensors", files: ["a.safetensors"] }],
  [INDEX, { kind: "indexed", index: INDEX }],
  ["a.gguf", { kind: "gguf", file: "a.gguf" }],
])("the file %s is taken as it is", async (name, expected) => {
  const folder = await folderOf({ [name]: "" });
  expect(await findWeights(join(folder, name))).toMatchObject({ weights: expected, tree: { name: folder } });
});

test("a path that does not exist is named", async () => {
  const path = join(await folderOf({}), "absent");
  await expect(findWeights(path)).rejects.toMatchObject({
    code: "CHECKPOINT_NOT_FOUND",
    message: `there is no file or folder ${path}`,
  });
});

test("a path that no file system takes is unreadable", async () => {
  await expect(findWeights("model\0.gguf")).rejects.toMatchObject({ code: "CORE_FILE_UNREADABLE" });
});

test.each([
  ["an empty folder", [], "holds no files"],
  ["a folder without weights", ["config.json", "README.md"], '"README.md", "config.json"'],
])("%s: CHECKPOINT_NO_WEIGHTS", async (_, names, message) => {
  const folder = await folderOf(Object.fromEntries(names.map((name) => [name, ""])));
  await expect(findWeights(folder)).rejects.toMatchObject({
    code: "CHECKPOINT_NO_WEIGHTS",
    message: expect.stringContaining(message),
  });
});

test("several GGUF files are listed for a choice", async () => {
  const folder = await folderOf({ "a.gguf": "", "b.gguf": "" });
  await expect(findWeights(folder)).rejects.toMatchObject({
    code: "CHECKPOINT_AMBIGUOUS",
    message: expect.stringContaining('"a.gguf", "b.gguf"'),
  });
});

test.each(["pytorch_model.bin", "consolidated.00.pth", "model.pt"])(
  "a folder with %s is refused with the way to convert it",
  async (name) => {
    const folder = await folderOf({ [name]: "", "config.json": "{}" });
    await expect(findWeights(folder)).rejects.toMatchObject({
      code: "CHECKPOINT_PICKLED",
      hint: expect.stringMatching(
        /import torch; from safetensors\.torch import save_file\n.*weights_only=True/,
      ),
    });
  },
);

test("a pickled file given by its path is refused too", async () => {
  const folder = await folderOf({ "model.pth": "" });
  await expect(findWeights(join(folder, "model.pth"))).rejects.toMatchObject({ code: "CHECKPOINT_PICKLED" });
});

test("a file of another kind is refused", async () => {
  const folder = await folderOf({ "model.onnx": "" });
  await expect(findWeights(join(folder, "model.onnx"))).rejects.toMatchObject({
    code: "CHECKPOINT_FORMAT_UNKNOWN",
  });
});

test("a gap in numbered shards is found without an index", async () => {
  const folder = await folderOf({
    "model-00001-of-00003.safetensors": "",
    "model-00003-of-00003.safetensors": "",
  });
  await expect(findWeights(folder)).rejects.toMatchObject({
    code: "CHECKPOINT_SHARD_MISSING",
    message: expect.stringContaining("model-00002-of-00003.safetensors"),
  });
});
