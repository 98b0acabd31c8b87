import { memorySource } from "@pippin/core";
import { expect, test } from "vitest";
import { readSafetensorsHeader } from "../src/safetensors.ts";
import { rawSafetensors, safetensorsOf, sourceOf } from "./build-safetensors.ts";

const F32 = (name: string, begin: number, end: number) =>
  `"${name}":{"dtype":"F32","shape":[${(end - begin) / 4}],"data_offsets":[${begin},${end}]}`;

test("tensors come with their place in the file, in the order of the data", async () => {
  const bytes = rawSafetensors(`{${F32("second", 4, 12)},${F32("first", 0, 4)}}   `, 12);
  const header = await readSafetensorsHeader(sourceOf(bytes));
  const dataOffset = bytes.length - 12;
  expect([...header.tensors]).toEqual([
    ["first", { dtype: "F32", shape: [1], byteOffset: dataOffset, byteLength: 4 }],
    ["second", { dtype: "F32", shape: [2], byteOffset: dataOffset + 4, byteLength: 8 }],
  ]);
});

test("metadata are kept as they are", async () => {
  const bytes = rawSafetensors('{"__metadata__":{"format":"pt","__proto__":"data"}}');
  const { metadata } = await readSafetensorsHeader(sourceOf(bytes));
  expect(Object.entries(metadata)).toEqual([
    ["format", "pt"],
    ["__proto__", "data"],
  ]);
});

test("names of object members are names like others", async () => {
  const bytes = rawSafetensors(
    `{${F32("__proto__", 0, 4)},${F32("constructor", 4, 8)},${F32("toString", 8, 12)}}`,
    12,
  );
  const { tensors } = await readSafetensorsHeader(sourceOf(bytes));
  expect([...tensors.keys()]).toEqual(["__proto__", "constructor", "toString"]);
  expect({}).not.toHaveProperty("dtype");
});

test.each([
  ["BOOL", [3], 3],
  ["U8", [3], 3],
  ["I8", [3], 3],
  ["F8_E4M3", [2, 2], 4],
  ["F8_E5M2", [2, 2], 4],
  ["F8_E8M0", [5], 5],
  ["F4", [6], 3],
  ["F6_E2M3", [4], 3],
  ["U16", [2], 4],
  ["I16", [2], 4],
  ["F16", [], 2],
  ["BF16", [0, 7], 0],
  ["U32", [1], 4],
  ["I32", [1], 4],
  ["F32", [1, 1, 1], 4],
  ["C64", [1], 8],
  ["F64", [1], 8],
  ["I64", [1], 8],
  ["U64", [1], 8],
])("%s of shape %j takes %i bytes", async (dtype, shape, byteLength) => {
  const bytes = safetensorsOf([{ name: "t", dtype, shape, byteLength }]);
  const { tensors } = await readSafetensorsHeader(sourceOf(bytes));
  expect(tensors.get("t")).toMatchObject({ dtype, shape, byteLength });
});

test.each([
  ["an empty header", "", 0],
  ["white space before the brace", " {}", 0],
  ["a byte order mark", "\uFEFF{}", 0],
  ["an array", "[]", 0],
  ["a header without end", '{"a":', 0],
  ["text after the object", "{} x", 0],
  ["a tensor twice", `{${F32("a", 0, 4)},${F32("a", 0, 4)}}`, 4],
  ["a field twice", '{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1],
  ["metadata twice", '{"__metadata__":{},"__metadata__":{}}', 0],
  ["metadata that are no strings", '{"__metadata__":{"a":1}}', 0],
  ["metadata that are no object", '{"__metadata__":"pt"}', 0],
  ["an entry that is null", '{"a":null}', 0],
  ["an entry without dtype", '{"a":{"shape":[],"data_offsets":[0,1]}}', 1],
  ["an entry without shape", '{"a":{"dtype":"U8","data_offsets":[0,1]}}', 1],
  ["an entry without offsets", '{"a":{"dtype":"U8","shape":[1]}}', 1],
  ["a single offset", '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}', 1],
  ["three offsets", '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}', 1],
  ["a dtype that is a number", '{"a":{"dtype":1,"shape":[1],"data_offsets":[0,1]}}', 1],
  ["a negative size", '{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}', 1],
  ["a fractional size", '{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}', 1],
  ["a size beyond 2^53", '{"a":{"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,1]}}', 1],
  [
    "a size of a thousand digits",
    `{"a":{"dtype":"U8","shape":[${"9".repeat(1000)}],"data_offsets":[0,1]}}`,
    1,
  ],
  [
    "more axes than any tensor has",
    `{"a":{"dtype":"U8","shape":[1${",1".repeat(64)}],"data_offsets":[0,1]}}`,
    1,
  ],
  ["a deeply nested field", `{"a":{"x":${"[".repeat(500_000)}`, 0],
  ["bytes after the last tensor", `{${F32("a", 0, 4)}}`, 5],
])("%s: CHECKPOINT_HEADER_INVALID", async (_, header, data) => {
  const read = readSafetensorsHeader(sourceOf(rawSafetensors(header, data)));
  await expect(read).rejects.toMatchObject({ name: "PippinError", code: "CHECKPOINT_HEADER_INVALID" });
});

test("a header that is not UTF-8 is refused", async () => {
  const read = readSafetensorsHeader(sourceOf(rawSafetensors(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d))));
  await expect(read).rejects.toMatchObject({ code: "CHECKPOINT_HEADER_INVALID" });
});

test.each([
  ["an overlap", `{${F32("a", 0, 8)},${F32("b", 4, 12)}}`, 12],
  ["two tensors at one place", `{${F32("a", 0, 4)},${F32("b", 0, 4)}}`, 4],
  ["a hole", `{${F32("a", 0, 4)},${F32("b", 8, 12)}}`, 12],
  ["a hole at the beginning", `{${F32("a", 4, 8)}}`, 8],
  ["offsets in the wrong order", '{"a":{"dtype":"U8","shape":[0],"data_offsets":[1,0]}}', 1],
  ["fewer bytes than the shape", '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', 4],
  ["more bytes than the shape", '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}', 8],
  ["half a byte", '{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}', 1],
  ["a product beyond 2^53", '{"a":{"dtype":"U8","shape":[9007199254740991,2],"data_offsets":[0,0]}}', 0],
  [
    "a product that would wrap to 0",
    '{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}',
    0,
  ],
])("%s: CHECKPOINT_TENSOR_INVALID", async (_, header, data) => {
  const read = readSafetensorsHeader(sourceOf(rawSafetensors(header, data)));
  await expect(read).rejects.toMatchObject({ code: "CHECKPOINT_TENSOR_INVALID" });
});

test("an unknown dtype is named", async () => {
  const bytes = rawSafetensors('{"a":{"dtype":"F12","shape":[1],"data_offsets":[0,1]}}', 1);
  await expect(readSafetensorsHeader(sourceOf(bytes))).rejects.toMatchObject({
    code: "CHECKPOINT_DTYPE_UNKNOWN",
    message: 'model.safetensors: the tensor "a" has the unknown dtype "F12"',
  });
});

test("a file cut off in its data is reported with both lengths", async () => {
  const bytes = rawSafetensors(`{${F32("a", 0, 400)}}`, 400);
  const read = readSafetensorsHeader(sourceOf(bytes.subarray(0, bytes.length - 7)));
  await expect(read).rejects.toMatchObject({
    code: "CHECKPOINT_TRUNCATED",
    message: `model.safetensors is cut off: its header announces ${bytes.length} bytes, the file has ${bytes.length - 7}`,
  });
});

test.each([0, 1, 7, 8, 20])("a file of %i bytes is cut off", async (length) => {
  const bytes = rawSafetensors(`{${F32("a", 0, 4)}}`, 4).subarray(0, length);
  await expect(readSafetensorsHeader(sourceOf(bytes))).rejects.toMatchObject({
    code: "CHECKPOINT_TRUNCATED",
  });
});

test.each([100_000_001n, 2n ** 63n, 2n ** 64n - 1n])(
  "a header length of %i is refused unread",
  async (length) => {
    const bytes = new Uint8Array(64);
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    const source = { ...memorySource(bytes), byteLength: Number.MAX_SAFE_INTEGER };
    await expect(readSafetensorsHeader(source)).rejects.toMatchObject({ code: "CHECKPOINT_LIMIT_EXCEEDED" });
  },
);

test("a git-LFS pointer is told from weights", async () => {
  const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n";
  const read = readSafetensorsHeader(sourceOf(new TextEncoder().encode(pointer)));
  await expect(read).rejects.toMatchObject({
    code: "CHECKPOINT_LFS_POINTER",
    hint: expect.stringContaining("git lfs pull"),
  });
});
