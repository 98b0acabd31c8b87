import { memorySource } from "@pippin/core";
import { expect, test } from "vitest";
import { blobHeader, blobRecord, readBlobHeader, readBlobRecord } from "../../src/package/blob-file.ts";

/** A file with one blob of three int4 bytes, as Apple's own writer lays it out. */
function oneBlob(): Uint8Array {
  const file = new Uint8Array(64 + 64 + 3);
  file.set(blobHeader(1));
  file.set(blobRecord("INT4", { recordOffset: 64, byteLength: 3, unusedBits: 4 }), 64);
  file.set([0xf8, 0x10, 0x07], 128);
  return file;
}

test("a record has the bytes of storage version 2", () => {
  const hex = Buffer.from(oneBlob().subarray(64, 96)).toString("hex");
  expect(hex).toBe("efbeadde080000000300000000000000800000000000000004000000" + "00000000");
});

test("a record that was written is read", async () => {
  const source = memorySource(oneBlob());
  expect(await readBlobHeader(source)).toBe(1);
  expect(await readBlobRecord(source, 64)).toEqual({ dtype: "INT4", byteOffset: 128, byteLength: 3 });
});

test.each([
  ["an offset between records", 65, (file: Uint8Array) => file],
  ["an offset past the end", 1 << 20, (file: Uint8Array) => file],
  ["a damaged sentinel", 64, (file: Uint8Array) => file.fill(0, 64, 68)],
  ["an unknown type", 64, (file: Uint8Array) => file.fill(99, 68, 69)],
  ["data beyond the file", 64, (file: Uint8Array) => file.fill(0xff, 72, 74)],
  ["a size that is no safe integer", 64, (file: Uint8Array) => file.fill(0xff, 72, 80)],
])("%s is refused", async (_, offset, damage) => {
  const source = memorySource(damage(oneBlob()));
  await expect(readBlobRecord(source, offset)).rejects.toMatchObject({
    code: expect.stringMatching(/COREML_WEIGHTS_INVALID|CORE_UNSAFE_INTEGER/),
  });
});

test("another storage version is refused", async () => {
  const file = oneBlob();
  file[4] = 3;
  await expect(readBlobHeader(memorySource(file))).rejects.toMatchObject({ code: "COREML_WEIGHTS_INVALID" });
});
