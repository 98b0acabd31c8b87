import { readFile } from "node:fs/promises";
import { memorySource } from "@pippin/core";
import { expect, test } from "vitest";
import { readGguf } from "../src/gguf.ts";
import { GgufArray, type GgufValue } from "../src/gguf-values.ts";
import { GgufBytes, ggufOf, LLAMA_SETTINGS } from "./build-gguf.ts";

const FIXTURES = new URL("fixtures/gguf/", import.meta.url);

function read(bytes: Uint8Array) {
  return readGguf(memorySource(bytes, "model.gguf"));
}

/** Values as gguf-py gives them: nested arrays are flat. */
function plain(value: GgufValue): unknown {
  return value instanceof GgufArray ? value.values().flatMap((element) => plain(element)) : value;
}

test.each(["every-value-type", "tiny-llama"])("%s reads as gguf-py reads it", async (name) => {
  const expected = JSON.parse(await readFile(new URL(`${name}/expected.json`, FIXTURES), "utf8"));
  const gguf = await read(await readFile(new URL(`${name}/input.gguf`, FIXTURES)));
  const metadata = [...gguf.metadata].map(([key, value]) => [key, plain(value)]);
  const tensors = [...gguf.tensors].map(([tensor, info]) => [tensor, ...Object.values(info)]);
  const values = Object.entries<[string[], unknown]>(expected.metadata).map(([key, [, value]]) => [
    key,
    value,
  ]);
  expect(metadata).toEqual(values);
  expect(tensors).toEqual(expected.tensors);
});

test("version 2 has the same layout", async () => {
  const bytes = ggufOf(LLAMA_SETTINGS, { a: [1, 2] });
  bytes[4] = 2;
  const { version, tensors } = await read(bytes);
  expect(version).toBe(2);
  expect(tensors.get("a")).toMatchObject({ dtype: "F32", shape: [2], byteLength: 8 });
});

test("64-bit values that a number cannot hold stay bigint", async () => {
  const bytes = new GgufBytes()
    .header(0, 1)
    .key("big", "UINT64")
    .u64(2n ** 64n - 1n)
    .done();
  expect((await read(bytes)).metadata.get("big")).toBe(2n ** 64n - 1n);
});

test.each([
  [0, "version 0"],
  [1, "version 1"],
  [4, "version 4"],
  [0x03000000, "big-endian"],
])("version word %i is refused as %s", async (version, name) => {
  await expect(read(new GgufBytes().header(0, 0, version).done())).rejects.toMatchObject({
    code: "CHECKPOINT_GGUF_VERSION",
    message: expect.stringContaining(name),
  });
});

const oneEntry = () => new GgufBytes().header(0, 1);
const HUGE = 2n ** 63n;

test.each([
  ["another format", new GgufBytes().raw(new Uint8Array(64))],
  ["more tensors than bytes", new GgufBytes().header(HUGE, 0)],
  ["more entries than bytes", new GgufBytes().header(0, HUGE)],
  ["a key longer than the file", oneEntry().u64(HUGE).u64(0)],
  ["a key that is not UTF-8", oneEntry().u64(1).raw([0xff]).u32(4).u32(0)],
  ["an unknown value type", oneEntry().string("k").u32(13).u64(0)],
  ["a string longer than the file", oneEntry().key("k", "STRING").u64(HUGE)],
  ["an array longer than the file", oneEntry().key("k", "ARRAY").u32(4).u64(HUGE)],
  ["an array of more strings than bytes", oneEntry().key("k", "ARRAY").u32(8).u64(9).u64(0).u64(0)],
  ["an array of an unknown type", oneEntry().key("k", "ARRAY").u32(99).u64(0)],
  ["arrays in arrays without end", nestedArrays(1000)],
  ["a key twice", new GgufBytes().header(0, 2).key("k", "UINT32").u32(1).key("k", "UINT32").u32(1)],
  ["an alignment of 0", oneEntry().key("general.alignment", "UINT32").u32(0)],
  ["an alignment of 48", oneEntry().key("general.alignment", "UINT32").u32(48)],
  ["an alignment that is a string", oneEntry().key("general.alignment", "STRING").string("32")],
])("%s: CHECKPOINT_GGUF_INVALID", async (_, bytes) => {
  await expect(read(bytes.done())).rejects.toMatchObject({
    name: "PippinError",
    code: "CHECKPOINT_GGUF_INVALID",
  });
});

function nestedArrays(depth: number): GgufBytes {
  const bytes = oneEntry().key("k", "ARRAY");
  for (let level = 0; level < depth; level++) bytes.u32(9).u64(1);
  return bytes.u32(0).u64(0);
}

/** One tensor `t`, then 256 bytes of data. */
function oneTensor(shape: readonly (number | bigint)[], type: number, offset: number | bigint): Uint8Array {
  return new GgufBytes().header(1, 0).tensor("t", shape, type, offset).pad().raw(new Uint8Array(256)).done();
}

test.each([
  ["an unknown type", oneTensor([1], 5, 0)],
  ["a row that does not fill its blocks", oneTensor([16, 4], 8, 0)],
  ["a size beyond 2^53", oneTensor([HUGE], 0, 0)],
  ["a product beyond 2^53", oneTensor([2n ** 40n, 2n ** 40n], 0, 0)],
  ["an offset that is not aligned", oneTensor([4], 0, 16)],
])("%s: CHECKPOINT_TENSOR_INVALID", async (_, bytes) => {
  await expect(read(bytes)).rejects.toMatchObject({ code: "CHECKPOINT_TENSOR_INVALID" });
});

test.each([
  ["an offset past the end", oneTensor([4], 0, 1024)],
  ["an offset near 2^64", oneTensor([4], 0, 2n ** 64n - 32n)],
  ["a tensor longer than the file", oneTensor([1_000_000], 0, 0)],
  ["a file cut off in its data", oneTensor([64], 0, 0).subarray(0, -1)],
  ["a file cut off in its header", ggufOf(LLAMA_SETTINGS, {}).subarray(0, 180)],
])("%s: CHECKPOINT_TRUNCATED", async (_, bytes) => {
  await expect(read(bytes)).rejects.toMatchObject({ code: "CHECKPOINT_TRUNCATED" });
});

test.each([
  ["five axes", new GgufBytes().header(1, 0).tensor("t", [1, 1, 1, 1, 1], 0, 0)],
  ["a tensor name of 2000 bytes", new GgufBytes().header(1, 0).tensor("t".repeat(2000), [1], 0, 0)],
  ["a key of 65,536 bytes", oneEntry().key("k".repeat(65_536), "UINT32").u32(0)],
  ["70,000 entries", new GgufBytes().header(0, 70_000).raw(new Uint8Array(13 * 70_000))],
  ["600,000 tensors", new GgufBytes().header(600_000, 0).raw(new Uint8Array(24 * 600_000))],
])("%s: CHECKPOINT_LIMIT_EXCEEDED", async (_, bytes) => {
  await expect(read(bytes.pad().done())).rejects.toMatchObject({ code: "CHECKPOINT_LIMIT_EXCEEDED" });
});

test("tensors that overlap are refused", async () => {
  const bytes = new GgufBytes()
    .header(2, 0)
    .tensor("a", [16], 0, 0)
    .tensor("b", [4], 0, 32)
    .pad()
    .raw(new Uint8Array(64));
  await expect(read(bytes.done())).rejects.toMatchObject({ code: "CHECKPOINT_TENSOR_INVALID" });
});

test("a tensor listed twice is refused", async () => {
  const bytes = new GgufBytes()
    .header(2, 0)
    .tensor("a", [4], 0, 0)
    .tensor("a", [4], 0, 32)
    .pad()
    .raw(new Uint8Array(64));
  await expect(read(bytes.done())).rejects.toMatchObject({ code: "CHECKPOINT_TENSOR_DUPLICATE" });
});

test("types that cannot be read are listed with their size", async () => {
  const { tensors } = await read(oneTensor([256], 12, 0));
  expect(tensors.get("t")).toMatchObject({ dtype: "Q4_K", shape: [256], byteLength: 144 });
});

test("only the header of a large file is read", async () => {
  const header = ggufOf(LLAMA_SETTINGS, { a: [1] });
  let bytesRead = 0;
  const byteLength = 4 * 2 ** 30;
  const gguf = await readGguf({
    name: "large.gguf",
    byteLength,
    async read(offset, length) {
      bytesRead += length;
      const bytes = new Uint8Array(length);
      bytes.set(header.subarray(offset, offset + length));
      return bytes;
    },
  });
  expect(gguf.tensors.size).toBe(1);
  expect(bytesRead).toBeLessThan(512 * 1024);
});

test("a header that never ends is given up", async () => {
  const head = oneEntry()
    .key("k", "ARRAY")
    .u32(0)
    .u64(2 ** 40)
    .done();
  const endless = {
    name: "endless.gguf",
    byteLength: 2 ** 50,
    async read(offset: number, length: number) {
      const bytes = new Uint8Array(length);
      bytes.set(head.subarray(offset, offset + length));
      return bytes;
    },
  };
  await expect(readGguf(endless)).rejects.toMatchObject({ code: "CHECKPOINT_LIMIT_EXCEEDED" });
});
