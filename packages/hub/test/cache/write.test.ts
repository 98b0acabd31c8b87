import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkDiskSpace, tagCache, writeWhole, writing } from "../../src/cache/write.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function refusal(code: string): Error {
  return Object.assign(new Error(`${code}: refused`), { code, syscall: "write" });
}

test.each([
  ["ENOSPC", "HUB_DISK_FULL"],
  ["EDQUOT", "HUB_DISK_FULL"],
  ["EACCES", "HUB_CACHE_UNWRITABLE"],
  ["EROFS", "HUB_CACHE_UNWRITABLE"],
])("a disk that refuses with %s is %s", async (reason, code) => {
  await expect(writing("/x", () => Promise.reject(refusal(reason)))).rejects.toMatchObject({ code });
});

test("what is not about files passes through", async () => {
  const error = new Error("other");
  await expect(writing("/x", () => Promise.reject(error))).rejects.toBe(error);
});

test("room is checked where the folder will be", async () => {
  const folder = join(temporaryFolder(), "not", "there", "yet");
  await checkDiskSpace(folder, 1);
  await expect(checkDiskSpace(folder, 2 ** 52)).rejects.toMatchObject({
    code: "HUB_DISK_FULL",
    details: { folder, needed: 2 ** 52, free: expect.any(Number) },
  });
});

test("a small file is replaced at once, with nothing beside it", async () => {
  const folder = temporaryFolder();
  await writeWhole(join(folder, "a", "b"), "old");
  await writeWhole(join(folder, "a", "b"), "new");
  expect(readFileSync(join(folder, "a", "b"), "utf8")).toBe("new");
  expect(readdirSync(join(folder, "a"))).toEqual(["b"]);
});

test("a tag that is there stays", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "CACHEDIR.TAG"), "theirs");
  await tagCache(folder);
  expect(readFileSync(join(folder, "CACHEDIR.TAG"), "utf8")).toBe("theirs");
});
