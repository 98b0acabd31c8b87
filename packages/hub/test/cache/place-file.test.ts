import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import type { symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { layoutOf } from "../../src/cache/layout.ts";
import { placeFiles, readRef, writeRef } from "../../src/cache/place-file.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const COMMIT = "1".repeat(40);
const OID = "2".repeat(40);
const FILES = ["a.txt", "sub/b.txt"].map((path) => ({ path, size: 3, oid: OID }));

/** As Windows says it to who is no administrator. */
const noLinks: typeof symlink = () =>
  Promise.reject(Object.assign(new Error("not permitted"), { code: "EPERM", syscall: "symlink" }));

function cacheWithBlob() {
  const layout = layoutOf(temporaryFolder(), "org/name");
  mkdirSync(layout.blobs, { recursive: true });
  writeFileSync(join(layout.blobs, OID), "abc");
  return layout;
}

test("a blob appears by relative links, as Python makes them", async () => {
  const layout = cacheWithBlob();
  await placeFiles(FILES, { layout, commit: COMMIT, fresh: true });
  expect(readlinkSync(join(layout.snapshots, COMMIT, "a.txt"))).toBe(`../../blobs/${OID}`);
  expect(readlinkSync(join(layout.snapshots, COMMIT, "sub/b.txt"))).toBe(`../../../blobs/${OID}`);
  await placeFiles(FILES, { layout, commit: COMMIT, fresh: true });
  expect(readFileSync(join(layout.snapshots, COMMIT, "sub/b.txt"), "utf8")).toBe("abc");
  expect(readdirSync(layout.records)).toEqual([]);
});

test.each([
  ["a new blob is moved", true, []],
  ["a blob that others may need is copied", false, [OID]],
])("without links %s", async (_, fresh, blobs) => {
  const layout = cacheWithBlob();
  await placeFiles(FILES, { layout, commit: COMMIT, fresh, link: noLinks });
  for (const { path } of FILES) {
    expect(readFileSync(join(layout.snapshots, COMMIT, path), "utf8")).toBe("abc");
    expect(lstatSync(join(layout.snapshots, COMMIT, path)).isFile()).toBe(true);
  }
  expect(readdirSync(layout.blobs)).toEqual(blobs);
});

test("without links a second name is copied from where the blob was moved", async () => {
  const layout = cacheWithBlob();
  await placeFiles(FILES.slice(0, 1), { layout, commit: COMMIT, fresh: true, link: noLinks });
  await placeFiles(FILES, { layout, commit: COMMIT, fresh: false, link: noLinks });
  expect(readFileSync(join(layout.snapshots, COMMIT, "sub/b.txt"), "utf8")).toBe("abc");
});

test("a ref holds the commit and no more, as Python reads it", async () => {
  const layout = layoutOf(temporaryFolder(), "org/name");
  await writeRef(layout, "refs/pr/1", COMMIT);
  expect(readFileSync(join(layout.refs, "refs/pr/1"), "utf8")).toBe(COMMIT);
  expect(await readRef(layout, "refs/pr/1")).toBe(COMMIT);
  await writeRef(layout, COMMIT, COMMIT);
  expect(readdirSync(layout.refs)).toEqual(["refs"]);
  writeFileSync(join(layout.refs, "damaged"), "../../x");
  expect(await readRef(layout, "damaged")).toBeUndefined();
});
