import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base, expect, vi } from "vitest";
import { PippinError } from "../../src/errors.ts";
import { recoverOutputFolder, withOutputFolder } from "../../src/node/output-folder.ts";

/** Beyond Linux's largest pid: no such process. */
const DEAD = 4_194_305;

const test = base.extend<{ parent: string; target: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures from the pattern
  parent: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "pippin-core-"));
    await use(folder);
    await rm(folder, { recursive: true });
  },
  target: async ({ parent }, use) => use(join(parent, "out")),
});

type Tree = { readonly [name: string]: string | Tree };

async function plant(folder: string, tree: Tree): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(tree)) {
    if (typeof content === "string") await writeFile(join(folder, name), content);
    else await plant(join(folder, name), content);
  }
}

async function treeOf(folder: string): Promise<Tree> {
  const entries = await readdir(folder, { withFileTypes: true });
  const pairs = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    return [entry.name, entry.isDirectory() ? await treeOf(path) : await readFile(path, "utf8")] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}

const writing = (tree: Tree) => (staging: string) => plant(staging, tree);

test("a folder appears with what was written, and its parents", async ({ parent }) => {
  const result = await withOutputFolder(join(parent, "deep/er/out"), {}, async (staging) => {
    await plant(staging, { a: "1", sub: { b: "2" } });
    expect(await readdir(join(parent, "deep/er"))).not.toContain("out");
    return 42;
  });
  expect(result).toBe(42);
  expect(await treeOf(parent)).toEqual({ deep: { er: { out: { a: "1", sub: { b: "2" } } } } });
});

test("an empty folder is filled, a full one is not touched without force", async ({ parent, target }) => {
  await mkdir(target);
  await withOutputFolder(target, {}, writing({ a: "1" }));
  const write = vi.fn();
  await expect(withOutputFolder(target, {}, write)).rejects.toMatchObject({ code: "CORE_OUTPUT_EXISTS" });
  expect(write).not.toHaveBeenCalled();
  expect(await treeOf(parent)).toEqual({ out: { a: "1" } });
});

test("force replaces entries of the same name and carries foreign ones over", async ({ parent, target }) => {
  await plant(target, { a: "old", pkg: { old: "x" }, notes: "mine", dir: { deep: "mine" } });
  await withOutputFolder(target, { force: true }, writing({ a: "new", pkg: { new: "y" } }));
  expect(await treeOf(parent)).toEqual({
    out: { a: "new", pkg: { new: "y" }, notes: "mine", dir: { deep: "mine" } },
  });
});

test("keep decides what is carried over", async ({ parent, target }) => {
  await plant(target, { a: "old", "old.mlpackage": { w: "x" }, notes: "mine" });
  const keep = (name: string) => !name.endsWith(".mlpackage");
  await withOutputFolder(target, { force: true, keep }, writing({ a: "new" }));
  expect(await treeOf(parent)).toEqual({ out: { a: "new", notes: "mine" } });
});

test("a failing or cancelled write leaves the old folder and nothing else", async ({ parent, target }) => {
  await plant(target, { a: "old" });
  const failing = async (staging: string) => {
    await plant(staging, { a: "half" });
    throw new PippinError("X_FAILED", { message: "it failed" });
  };
  const options = { force: true, signal: AbortSignal.abort() };
  await expect(withOutputFolder(target, { force: true }, failing)).rejects.toMatchObject({
    code: "X_FAILED",
  });
  await expect(withOutputFolder(target, options, writing({ a: "new" }))).rejects.toMatchObject({
    code: "CORE_CANCELLED",
  });
  expect(await treeOf(parent)).toEqual({ out: { a: "old" } });
});

test("an error of the file system becomes CORE_OUTPUT_UNWRITABLE", async ({ parent, target }) => {
  const write = (staging: string) => writeFile(join(staging, "no/such/folder"), "");
  await expect(withOutputFolder(target, {}, write)).rejects.toMatchObject({
    code: "CORE_OUTPUT_UNWRITABLE",
    cause: expect.objectContaining({ code: "ENOENT" }),
  });
  expect(await readdir(parent)).toEqual([]);
});

test("a file in the place of the folder is refused, with force too", async ({ parent, target }) => {
  await plant(parent, { out: "a file" });
  await expect(withOutputFolder(target, { force: true }, writing({ a: "1" }))).rejects.toMatchObject({
    code: "CORE_OUTPUT_UNWRITABLE",
  });
  expect(await treeOf(parent)).toEqual({ out: "a file" });
});

test("a target that is a link stays one, and the folder behind it is replaced", async ({
  parent,
  target,
}) => {
  await plant(join(parent, "disk/real"), { a: "old", notes: "mine" });
  await symlink("disk/real", target);
  await withOutputFolder(target, { force: true }, writing({ a: "new" }));
  expect(await readlink(target)).toBe("disk/real");
  expect(await treeOf(join(parent, "disk"))).toEqual({ real: { a: "new", notes: "mine" } });
});

test("two calls of one process do not destroy each other's staging", async ({ parent, target }) => {
  await withOutputFolder(target, {}, async (staging) => {
    await plant(staging, { a: "first" });
    await expect(withOutputFolder(target, {}, writing({ a: "second" }))).rejects.toMatchObject({
      code: "CORE_OUTPUT_BUSY",
    });
    await expect(recoverOutputFolder(target)).rejects.toMatchObject({ code: "CORE_OUTPUT_BUSY" });
  });
  expect(await treeOf(parent)).toEqual({ out: { a: "first" } });
});

test("another process at work is named, with the folder to delete if it is a stranger", async ({
  parent,
  target,
}) => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  await once(child, "spawn");
  const lock = join(parent, `.out.pippin-writing-${child.pid}`);
  await plant(lock, { out: { a: "half" } });
  const busy = {
    code: "CORE_OUTPUT_BUSY",
    message: `process ${child.pid} is writing ${target} at this moment`,
    hint: expect.stringContaining(`delete the folder ${lock}`),
    details: { pid: child.pid, lock },
  };
  await expect(withOutputFolder(target, { force: true }, writing({ a: "1" }))).rejects.toMatchObject(busy);
  await expect(recoverOutputFolder(target)).rejects.toMatchObject(busy);
  expect(await readdir(parent)).toEqual([`.out.pippin-writing-${child.pid}`]);
  child.kill();
  await once(child, "exit");
  await withOutputFolder(target, {}, writing({ a: "1" }));
  expect(await treeOf(parent)).toEqual({ out: { a: "1" } });
});

test.each([String(DEAD), String(process.pid)])("staging of the dead process %s is removed", async (pid) => {
  const parent = await mkdtemp(join(tmpdir(), "pippin-core-"));
  await plant(parent, { [`.out.pippin-writing-${pid}`]: { out: { a: "half" } } });
  await withOutputFolder(join(parent, "out"), {}, writing({ a: "1" }));
  expect(await treeOf(parent)).toEqual({ out: { a: "1" } });
  await rm(parent, { recursive: true });
});

test.each(["", "0", "-1", "1e3", "0x10", " 7", "other"])(
  "an entry ending in %j is nobody's lock",
  async (suffix) => {
    const parent = await mkdtemp(join(tmpdir(), "pippin-core-"));
    await plant(parent, { [`.out.pippin-writing-${suffix}`]: { mine: "1" } });
    await withOutputFolder(join(parent, "out"), {}, writing({ a: "1" }));
    expect(await treeOf(parent)).toEqual({
      [`.out.pippin-writing-${suffix}`]: { mine: "1" },
      out: { a: "1" },
    });
    await rm(parent, { recursive: true });
  },
);

const LOCK = `.out.pippin-writing-${DEAD}`;
const ASIDE = ".out.pippin-replaced";
const DROPPED = ".out.pippin-dropped";
const OLD = { a: "old", pkg: { w: "old" }, notes: "mine" };
const NEW = { a: "new" };

/** The states a swap passes through that drops `a` and `pkg`, and what each must become. */
test.each<[string, Tree, Tree]>([
  ["the swap", { out: OLD, [LOCK]: { out: NEW } }, OLD],
  ["the old folder was set aside", { [ASIDE]: OLD, [LOCK]: { out: NEW } }, OLD],
  ["only the old folder is left, aside", { [ASIDE]: OLD }, OLD],
  [
    "some entries were dropped",
    { [ASIDE]: { pkg: { w: "old" }, notes: "mine" }, [DROPPED]: { a: "old" }, [LOCK]: { out: NEW } },
    OLD,
  ],
  [
    "the undoing was killed halfway",
    { [ASIDE]: { a: "old", notes: "mine" }, [DROPPED]: { pkg: { w: "old" } }, [LOCK]: {} },
    OLD,
  ],
  [
    "the new folder arrived",
    { out: NEW, [ASIDE]: { notes: "mine" }, [DROPPED]: { a: "old", pkg: { w: "old" } }, [LOCK]: {} },
    { ...NEW, notes: "mine" },
  ],
  [
    "dropped entries were removed in part",
    { out: { ...NEW, notes: "mine" }, [DROPPED]: { pkg: {} }, [LOCK]: {} },
    { ...NEW, notes: "mine" },
  ],
])("a run killed when %s is repaired", async (_, state, expected) => {
  const parent = await mkdtemp(join(tmpdir(), "pippin-core-"));
  await plant(parent, state);
  await recoverOutputFolder(join(parent, "out"));
  expect(await treeOf(parent)).toEqual({ out: expected });
  await rm(parent, { recursive: true });
});

test("where nothing was left, recovery changes nothing", async ({ parent, target }) => {
  await recoverOutputFolder(join(parent, "no/such/out"));
  await plant(target, OLD);
  await recoverOutputFolder(target);
  expect(await treeOf(parent)).toEqual({ out: OLD });
});

test("a file, the current folder and what holds it are no output folders", async () => {
  for (const target of [import.meta.filename, ".", join(process.cwd(), "..")]) {
    const writing = withOutputFolder(target, { force: true }, async () => undefined);
    await expect(writing).rejects.toMatchObject({ code: "CORE_OUTPUT_UNWRITABLE" });
  }
});
