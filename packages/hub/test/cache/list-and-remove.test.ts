import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listCache } from "../../src/cache/list-cache.ts";
import { removeFromCache } from "../../src/cache/remove-from-cache.ts";
import { fetchSnapshot } from "../../src/fetch-snapshot.ts";
import { modelFiles, NEEDED, REPO, serve, settingsFor, sizeOf } from "../support/model-repo.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const FILES = modelFiles();
const CONFIG = Buffer.from('{"changed":true}');
const CHANGED: Record<string, Uint8Array> = { ...FILES, "config.json": CONFIG };

/** Two revisions that differ in their config. */
async function twoRevisions() {
  const server = await serve();
  const settings = settingsFor(server);
  const first = await fetchSnapshot(REPO, settings);
  server.serve({
    id: REPO,
    files: CHANGED,
    history: { [first.revision]: FILES },
    refs: { v1: first.revision },
  });
  await fetchSnapshot(REPO, { ...settings, revision: "v1" });
  const second = await fetchSnapshot(REPO, { ...settings, revision: server.commits[REPO]! });
  return { settings, first, second, storage: join(settings.cacheDir, "models--org--tiny-model") };
}

test("a model's revisions are listed, and what they share counts once", async () => {
  const { settings, first, second, storage } = await twoRevisions();
  writeFileSync(join(storage, "blobs", "a.0.pippin.incomplete"), "12345");
  const [repo, ...others] = await listCache(settings);
  expect(others).toEqual([]);
  expect(repo).toMatchObject({
    repo: REPO,
    path: storage,
    bytes: sizeOf(FILES) + CONFIG.length,
    partialBytes: 5,
  });
  const revisions = new Map(repo!.revisions.map((revision) => [revision.revision, revision]));
  expect(revisions.get(first.revision)).toMatchObject({
    refs: ["main", "v1"],
    files: NEEDED.length,
    bytes: sizeOf(FILES),
  });
  expect(revisions.get(second.revision)).toMatchObject({ refs: [], bytes: sizeOf(CHANGED) });
  expect(revisions.get(first.revision)!.modified.getTime()).toBeGreaterThan(Date.now() - 600_000);
});

test("what is not the cache's own is passed over", async () => {
  const { settings, storage } = await twoRevisions();
  const { cacheDir } = settings;
  mkdirSync(join(cacheDir, "datasets--a--b", "snapshots", "x"), { recursive: true });
  mkdirSync(join(cacheDir, "models--a--..--b", "blobs"), { recursive: true });
  mkdirSync(join(cacheDir, "models--empty--one"));
  writeFileSync(join(cacheDir, "models--a--file"), "x");
  writeFileSync(join(cacheDir, "version.txt"), "1");
  writeFileSync(join(storage, "snapshots", ".DS_Store"), "x");
  symlinkSync("/nowhere", join(storage, "blobs", "broken"));
  symlinkSync(
    "/etc/hostname",
    join(storage, "snapshots", readdirSync(join(storage, "snapshots"))[1]!, "outside"),
  );
  expect((await listCache(settings)).map(({ repo }) => repo)).toEqual([REPO]);
  expect(await listCache({ cacheDir: join(cacheDir, "none") })).toEqual([]);
});

test("of two revisions one goes: with its refs, without what the other needs", async () => {
  const { settings, first, second, storage } = await twoRevisions();
  const dry = await removeFromCache(REPO, { ...settings, revision: "v1", dryRun: true });
  expect(dry).toEqual({ revisions: [first.revision], freedBytes: FILES["config.json"]!.length });
  expect(existsSync(first.path)).toBe(true);
  expect(await removeFromCache(REPO, { ...settings, revision: "v1" })).toEqual(dry);
  expect(readdirSync(join(storage, "snapshots"))).toEqual([second.revision]);
  expect(readdirSync(join(storage, "refs"))).toEqual([]);
  for (const name of NEEDED) expect(readFileSync(join(second.path, name)).equals(CHANGED[name]!)).toBe(true);
  expect((await listCache(settings))[0]!.bytes).toBe(sizeOf(CHANGED));
});

test("with the last revision, or without naming one, the model goes", async () => {
  const { settings, first, second } = await twoRevisions();
  const other = join(settings.cacheDir, "models--org--other", "blobs");
  mkdirSync(other, { recursive: true });
  await removeFromCache(REPO, { ...settings, revision: first.revision });
  const last = await removeFromCache(REPO, { ...settings, revision: second.revision });
  expect(last).toEqual({ revisions: [second.revision], freedBytes: sizeOf(CHANGED) });
  expect(readdirSync(settings.cacheDir).sort()).toEqual([".locks", "CACHEDIR.TAG", "models--org--other"]);
  expect(readdirSync(join(settings.cacheDir, ".locks"))).toEqual([]);
  const again = await twoRevisions();
  const all = await removeFromCache(REPO, again.settings);
  expect(all.revisions.toSorted()).toEqual([again.first.revision, again.second.revision].toSorted());
  expect(await listCache(again.settings)).toEqual([]);
});

test.each([
  ["org/none", undefined],
  [REPO, "v9"],
  [REPO, "0".repeat(40)],
])("%s at %s is not cached", async (repo, revision) => {
  const { settings } = await twoRevisions();
  const options = revision === undefined ? settings : { ...settings, revision };
  await expect(removeFromCache(repo, options)).rejects.toMatchObject({ code: "HUB_NOT_CACHED" });
});

test.each(["", ".", "..", "../../models--org--other", "../blobs"])(
  "a ref that says %j instead of a commit removes nothing",
  async (content) => {
    const { settings, first, second, storage } = await twoRevisions();
    const other = join(settings.cacheDir, "models--org--other");
    mkdirSync(other);
    writeFileSync(join(storage, "refs", "odd"), content);
    const removal = removeFromCache(REPO, { ...settings, revision: "odd" });
    await expect(removal).rejects.toMatchObject({ code: "HUB_NOT_CACHED" });
    for (const path of [other, first.path, second.path]) expect(existsSync(path), path).toBe(true);
    for (const name of NEEDED) expect(existsSync(join(second.path, name)), name).toBe(true);
  },
);

test.each(["../x", "a/../../x", "/etc", "a/b/c"])("%j is refused", async (repo) => {
  await expect(removeFromCache(repo, { cacheDir: temporaryFolder() })).rejects.toMatchObject({
    code: "HUB_ID_INVALID",
  });
});

test.each(["", "blobs", "snapshots"])(
  "a link to elsewhere in place of models--org--name/%s is left alone",
  async (inner) => {
    const cacheDir = temporaryFolder();
    const outside = temporaryFolder();
    writeFileSync(join(outside, "precious"), "x");
    if (inner !== "") mkdirSync(join(cacheDir, "models--org--name"));
    symlinkSync(outside, join(cacheDir, "models--org--name", inner));
    await expect(removeFromCache("org/name", { cacheDir })).rejects.toMatchObject({
      code: "HUB_PATH_UNSAFE",
    });
    expect(readdirSync(outside)).toEqual(["precious"]);
  },
);

test("while another process fetches, nothing is removed", async () => {
  const { settings } = await twoRevisions();
  const locks = join(settings.cacheDir, ".locks", "models--org--tiny-model");
  const lock = join(locks, "x.pippin-lock");
  writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname(), token: "x" }));
  await expect(removeFromCache(REPO, settings)).rejects.toMatchObject({ code: "HUB_CACHE_BUSY" });
  writeFileSync(lock, JSON.stringify({ pid: 2 ** 30, host: hostname(), token: "x" }));
  expect((await removeFromCache(REPO, settings)).revisions).toHaveLength(2);
});
