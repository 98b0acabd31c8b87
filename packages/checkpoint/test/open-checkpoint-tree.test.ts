import { type FileTree, memorySource, PippinError } from "@pippin/core";
import { expect, test } from "vitest";
import { openCheckpointTree } from "../src/open-checkpoint.ts";
import { safetensorsOf } from "./build-safetensors.ts";

const bytesOf = (content: string | Uint8Array) =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;

/** Files in memory, as a repository far away would give them; counts what is open. */
function treeOf(files: Readonly<Record<string, string | Uint8Array>>): FileTree & { opened: number } {
  const tree = {
    name: "org/model@main",
    opened: 0,
    locate: (path: string) => `org/model@main/${path}`,
    list: async () => Object.keys(files).sort(),
    async open(path: string) {
      const content = files[path];
      if (content === undefined) throw new PippinError("CORE_FILE_UNREADABLE", { message: `no ${path}` });
      tree.opened++;
      const close = async () => void tree.opened--;
      return { ...memorySource(bytesOf(content), path), close };
    },
  };
  return tree;
}

const shard = (name: string) => safetensorsOf([{ name, dtype: "F16", shape: [2], byteLength: 4 }], {});

const CONFIG = '{"model_type":"llama"}';
const INDEX = "model.safetensors.index.json";

test("a repository opens as a folder does, its tensors located there, and nothing stays open", async () => {
  const tree = treeOf({
    "config.json": CONFIG,
    "generation_config.json": '{"eos_token_id":7}',
    [INDEX]: JSON.stringify({ weight_map: { a: "1.safetensors", b: "2.safetensors" } }),
    "1.safetensors": shard("a"),
    "2.safetensors": shard("b"),
    "original/consolidated.00.pth": "",
    "onnx/model.safetensors": "not read",
  });

  const checkpoint = await openCheckpointTree(tree);

  expect(checkpoint).toMatchObject({ name: "org/model@main", generationConfig: { eos_token_id: 7 } });
  expect([...checkpoint.tensors.keys()]).toEqual(["a", "b"]);
  expect(checkpoint.tensors.get("b")?.source).toMatchObject({ file: "org/model@main/2.safetensors" });
  expect(tree.opened).toBe(0);
});

test.each([
  [
    "a shard that the index names",
    { "config.json": CONFIG, [INDEX]: '{"weight_map":{"a":"1.safetensors"}}' },
    "CHECKPOINT_SHARD_MISSING",
  ],
  ["config.json", { "model.safetensors": shard("a") }, "CHECKPOINT_CONFIG_MISSING"],
  ["all weights", { "config.json": CONFIG, "onnx/model.safetensors": "" }, "CHECKPOINT_NO_WEIGHTS"],
])("without %s it is refused", async (_, files, code) => {
  await expect(openCheckpointTree(treeOf(files))).rejects.toMatchObject({ code });
});
