import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProgressEvent } from "@pippin/core";
import type { WeightSource } from "@pippin/kernels";
import { expect, test } from "vitest";
import { openCheckpoint } from "../../src/node/open-checkpoint.ts";
import { GgufBytes, ggufOf, LLAMA_SETTINGS } from "../build-gguf.ts";
import { safetensorsOf } from "../build-safetensors.ts";
import { folderOf } from "./temporary-folder.ts";

const placeOf = (source: WeightSource) => ("file" in source ? source.file : undefined);

const INDEX = "model.safetensors.index.json";
const CONFIG = '{"model_type":"llama"}';

const fileOf = (...names: string[]) =>
  safetensorsOf(
    names.map((name) => ({ name, dtype: "F16", shape: [2], byteLength: 4 })),
    { format: "pt" },
  );

const indexOf = (weightMap: Record<string, string>) =>
  JSON.stringify({ metadata: {}, weight_map: weightMap });

test("a folder with one file opens with its configs", async () => {
  const bytes = fileOf("a");
  const folder = await folderOf({
    "model.safetensors": bytes,
    "config.json": CONFIG,
    "generation_config.json": '{"eos_token_id":7}',
  });
  const checkpoint = await openCheckpoint(folder);
  const file = join(folder, "model.safetensors");
  expect(checkpoint).toMatchObject({
    format: "safetensors",
    config: { model_type: "llama" },
    generationConfig: { eos_token_id: 7 },
    metadata: { format: "pt" },
    files: [{ path: "model.safetensors", byteLength: bytes.length }],
    warnings: [],
  });
  expect(checkpoint.tensors.get("a")?.source).toEqual({
    file,
    dtype: "F16",
    shape: [2],
    byteOffset: bytes.length - 4,
    byteLength: 4,
  });
});

test("a single file takes the config beside it and its own name", async () => {
  const folder = await folderOf({ "tiny.safetensors": fileOf("a"), "config.json": CONFIG });
  const checkpoint = await openCheckpoint(join(folder, "tiny.safetensors"));
  expect(checkpoint.name).toBe("tiny");
  expect(checkpoint).not.toHaveProperty("generationConfig");
});

test("shards open through their index", async () => {
  const folder = await folderOf({
    "1.safetensors": fileOf("a", "b"),
    "2.safetensors": fileOf("c"),
    [INDEX]: indexOf({ a: "1.safetensors", b: "1.safetensors", c: "2.safetensors" }),
    "config.json": CONFIG,
  });
  const events: ProgressEvent[] = [];
  const { tensors, files, warnings } = await openCheckpoint(folder, {
    progress: (event) => events.push(event),
  });
  expect([...tensors.values()].map((tensor) => [tensor.name, placeOf(tensor.source)])).toEqual([
    ["a", join(folder, "1.safetensors")],
    ["b", join(folder, "1.safetensors")],
    ["c", join(folder, "2.safetensors")],
  ]);
  expect(files.map((file) => file.path)).toEqual(["1.safetensors", "2.safetensors"]);
  expect(warnings).toEqual([]);
  expect(events.map(({ done, total, item }) => [done, total, item])).toEqual([
    [1, 2, "1.safetensors"],
    [2, 2, "2.safetensors"],
  ]);
});

test("several files without an index open together", async () => {
  const folder = await folderOf({
    "x.safetensors": fileOf("a"),
    "y.safetensors": fileOf("b"),
    "config.json": CONFIG,
  });
  expect([...(await openCheckpoint(folder)).tensors.keys()]).toEqual(["a", "b"]);
});

test("tensors that the index does not name are read with a warning", async () => {
  const folder = await folderOf({
    "1.safetensors": fileOf("a", "extra"),
    [INDEX]: indexOf({ a: "1.safetensors" }),
    "config.json": CONFIG,
  });
  const { tensors, warnings } = await openCheckpoint(folder);
  expect(tensors.has("extra")).toBe(true);
  expect(warnings).toMatchObject([
    { code: "CHECKPOINT_TENSOR_NOT_INDEXED", message: expect.stringContaining("extra") },
  ]);
});

test.each([
  ["a shard that is absent", { a: "1.safetensors", b: "absent.safetensors" }, "CHECKPOINT_SHARD_MISSING"],
  ["a tensor that is in no shard", { a: "1.safetensors", z: "1.safetensors" }, "CHECKPOINT_TENSOR_MISSING"],
  [
    "a tensor that is in another shard",
    { a: "2.safetensors", b: "1.safetensors" },
    "CHECKPOINT_TENSOR_MISSING",
  ],
  ["a shard outside the folder", { a: "../1.safetensors" }, "CORE_PATH_ESCAPES"],
  ["a shard at an absolute path", { a: "/etc/passwd" }, "CORE_PATH_ESCAPES"],
  ["a shard on a drive", { a: "C:\\1.safetensors" }, "CORE_PATH_ESCAPES"],
  ["a shard with a NUL byte", { a: "1.safetensors\0" }, "CORE_PATH_ESCAPES"],
])("an index with %s: %s", async (_, weightMap, code) => {
  const folder = await folderOf({
    "1.safetensors": fileOf("a"),
    "2.safetensors": fileOf("b"),
    [INDEX]: indexOf(weightMap as Record<string, string>),
    "config.json": CONFIG,
  });
  await expect(openCheckpoint(folder)).rejects.toMatchObject({ name: "PippinError", code });
});

test("a tensor in two files is refused with both names", async () => {
  const folder = await folderOf({
    "x.safetensors": fileOf("a"),
    "y.safetensors": fileOf("a"),
    "config.json": CONFIG,
  });
  await expect(openCheckpoint(folder)).rejects.toMatchObject({
    code: "CHECKPOINT_TENSOR_DUPLICATE",
    message: expect.stringMatching(/x\.safetensors and in .*y\.safetensors/),
  });
});

test.each([
  ["no config.json", { "model.safetensors": fileOf("a") }, "CHECKPOINT_CONFIG_MISSING"],
  [
    "a config.json that is not JSON",
    { "model.safetensors": fileOf("a"), "config.json": "{" },
    "CORE_FILE_UNREADABLE",
  ],
  [
    "weights cut off",
    { "model.safetensors": fileOf("a").subarray(0, -1), "config.json": CONFIG },
    "CHECKPOINT_TRUNCATED",
  ],
  [
    "a git-LFS pointer",
    {
      "model.safetensors": "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
      "config.json": CONFIG,
    },
    "CHECKPOINT_LFS_POINTER",
  ],
  [
    "a git-LFS pointer for a GGUF",
    { "m.gguf": "version https://git-lfs.github.com/spec/v1\n" },
    "CHECKPOINT_LFS_POINTER",
  ],
])("a folder with %s: %s", async (_, files, code) => {
  const folder = await folderOf(files as Record<string, string>);
  await expect(openCheckpoint(folder)).rejects.toMatchObject({ name: "PippinError", code });
});

test("a GGUF opens as the checkpoint that it would be on Hugging Face", async () => {
  const path = fileURLToPath(new URL("../fixtures/gguf/tiny-llama/input.gguf", import.meta.url));
  const checkpoint = await openCheckpoint(path);
  expect(checkpoint).toMatchObject({
    format: "gguf",
    name: "input",
    config: {
      model_type: "llama",
      rope_theta: 500000,
      rope_scaling: { rope_type: "gguf_factors", factors: [1, 8] },
      tie_word_embeddings: true,
      attention_bias: true,
    },
    generationConfig: { eos_token_id: [1, 4] },
    metadata: { "general.name": "tiny", "general.license": "apache-2.0" },
    files: [{ path: "input.gguf", byteLength: 3040 }],
  });
  expect(checkpoint.gguf?.metadata.get("tokenizer.ggml.model")).toBe("gpt2");
  expect([...checkpoint.tensors.keys()]).not.toContain("rope_freqs.weight");
  expect(checkpoint.tensors.get("model.layers.0.self_attn.k_proj.weight")).toMatchObject({
    dtype: "F16",
    shape: [4, 8],
    source: { file: path, byteOffset: 1952, byteLength: 64 },
    ops: [{ kind: "permuteRope", heads: 1 }],
  });
});

test("a piece of a split GGUF is refused with the way to join it", async () => {
  const folder = await folderOf({ "m.gguf": ggufOf([...LLAMA_SETTINGS, ["split.count", "UINT32", 3]], {}) });
  await expect(openCheckpoint(folder)).rejects.toMatchObject({
    code: "CHECKPOINT_GGUF_SPLIT",
    hint: expect.stringContaining("llama-gguf-split --merge"),
  });
});

test("a GGUF name and a Hugging Face name for the same tensor are refused together", async () => {
  const tensors = { "token_embd.weight": [1], "model.embed_tokens.weight": [2] };
  const folder = await folderOf({ "m.gguf": ggufOf(LLAMA_SETTINGS, tensors) });
  await expect(openCheckpoint(folder)).rejects.toMatchObject({ code: "CHECKPOINT_TENSOR_DUPLICATE" });
});

test.each([
  ["of another dtype", 12],
  ["too long", 0],
])("rope factors %s are refused", async (_, type) => {
  const bytes = new GgufBytes().header(1, 1).key("general.architecture", "STRING").string("llama");
  bytes
    .tensor("rope_freqs.weight", [8192], type, 0)
    .pad()
    .raw(new Uint8Array(4 * 8192));
  const folder = await folderOf({ "m.gguf": bytes.done() });
  await expect(openCheckpoint(folder)).rejects.toMatchObject({ code: "CHECKPOINT_TENSOR_INVALID" });
});

test("a cancelled opening stops", async () => {
  const folder = await folderOf({ "model.safetensors": fileOf("a"), "config.json": CONFIG });
  const opening = openCheckpoint(folder, { signal: AbortSignal.abort() });
  await expect(opening).rejects.toMatchObject({ code: "CORE_CANCELLED" });
});
