import { expect, test } from "vitest";
import { chooseFiles } from "../src/choose-files.ts";
import type { RepoFile } from "../src/types.ts";
import { modelFiles, NEEDED } from "./support/model-repo.ts";

const ONE = "model-00001-of-00002.safetensors";
const TWO = "model-00002-of-00002.safetensors";

function listing(names: readonly string[]): RepoFile[] {
  return names.map((path) => ({ path, size: 2_000_000, oid: "0".repeat(40) }));
}

async function choose(
  names: readonly string[],
  options: { include?: readonly string[]; exclude?: readonly string[]; index?: unknown } = {},
): Promise<string[]> {
  const { index = { weight_map: { a: ONE, b: TWO } }, ...patterns } = options;
  const choice = { repo: "org/name", files: listing(names), ...patterns, readJson: async () => index };
  return (await chooseFiles(choice)).map(({ path }) => path);
}

test("a conversion needs config, tokenizer, terms and one copy of the weights", async () => {
  expect(await choose(Object.keys(modelFiles()))).toEqual(NEEDED);
});

test.each([
  [["model.safetensors", "model.fp16.safetensors", "consolidated.safetensors"], ["model.safetensors"]],
  // transformers and @pippin/checkpoint look for the single file first.
  [["model.safetensors", "model.safetensors.index.json", ONE, TWO], ["model.safetensors"]],
  [
    [ONE, TWO, "consolidated.safetensors"],
    [ONE, TWO],
  ],
  [["weights.safetensors", "weights.gguf"], ["weights.safetensors"]],
  [["consolidated.safetensors"], ["consolidated.safetensors"]],
  [["model.fp16.safetensors", "model.gguf"], ["model.fp16.safetensors"]],
  [["model-q4.gguf", "mmproj-f16.gguf", "sub/other.gguf"], ["model-q4.gguf"]],
  [
    ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"],
    ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"],
  ],
])("of the weights %j it takes %j", async (names, chosen) => {
  expect(await choose([...names, "pytorch_model.bin", "tf_model.h5", "flax_model.msgpack"])).toEqual(chosen);
});

test("chat templates come from their folder, and nothing else from folders", async () => {
  const names = [
    "model.safetensors",
    "additional_chat_templates/rag.jinja",
    "sub/config.json",
    "a/b/LICENSE",
  ];
  expect(await choose(names)).toEqual(["additional_chat_templates/rag.jinja", "model.safetensors"]);
});

test("several GGUF files are listed with their sizes", async () => {
  const error = await choose(["a-q4.gguf", "a-q8.gguf"]).catch((cause) => cause);
  expect(error).toMatchObject({
    code: "HUB_NO_WEIGHTS",
    hint: expect.stringContaining("org/name/a-q4.gguf"),
  });
  expect(error.message).toContain('"a-q8.gguf" (2.00 MB)');
});

test("exclude leaves one of several", async () => {
  expect(await choose(["a-q4.gguf", "a-q8.gguf"], { exclude: ["*q8*"] })).toEqual(["a-q4.gguf"]);
});

test("weights that exclude takes away are not missed", async () => {
  expect(await choose(["config.json", "model.safetensors"], { exclude: ["*.safetensors"] })).toEqual([
    "config.json",
  ]);
  const names = ["config.json", "model.safetensors.index.json", ONE, TWO];
  expect(await choose(names, { exclude: [TWO] })).toEqual([
    "config.json",
    ONE,
    "model.safetensors.index.json",
  ]);
});

test.each([
  [["config.json", "pytorch_model.bin"], "pickled"],
  [["config.json", "sub/model.safetensors"], "in folders"],
  [["config.json"], "no weights"],
])("%j: an error says what is there instead of weights", async (names, words) => {
  const error = await choose(names).catch((cause) => cause);
  expect(error).toMatchObject({ code: "HUB_NO_WEIGHTS", message: expect.stringContaining(words) });
});

test("a shard that the index names and the repository lacks is an error", async () => {
  await expect(choose(["model.safetensors.index.json", ONE])).rejects.toMatchObject({
    code: "HUB_NO_WEIGHTS",
    message: expect.stringContaining(TWO),
  });
});

test.each([undefined, null, {}, { weight_map: {} }, { weight_map: { a: 1 } }, "text"])(
  "%j is no shard index",
  async (index) => {
    const options = index === undefined ? { index: null } : { index };
    await expect(choose(["model.safetensors.index.json"], options)).rejects.toMatchObject({
      code: "HUB_RESPONSE_INVALID",
    });
  },
);

test.each([
  [["*.gguf"], ["model.gguf"]],
  [["onnx/"], ["onnx/model.onnx"]],
  [["original/*"], []],
  [["original/*.pth"], ["original/consolidated.00.pth"]],
  [["*.bin"], ["pytorch_model.bin"]],
])(
  "include %j replaces the default, and pickles come only when their ending is named",
  async (include, chosen) => {
    const names = Object.keys(modelFiles());
    if (chosen.length === 0) {
      await expect(choose(names, { include })).rejects.toMatchObject({ code: "HUB_NO_FILES" });
    } else expect(await choose(names, { include })).toEqual(chosen);
  },
);

test("a star asks for all but pickles, and exclude has the last word", async () => {
  const chosen = await choose(Object.keys(modelFiles()), { include: ["*"], exclude: ["*.gguf"] });
  expect(chosen).toContain("onnx/model.onnx");
  expect(chosen).not.toContain("model.gguf");
  expect(chosen).not.toContain("pytorch_model.bin");
});
