import { mkdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { blobId } from "../../../tools/hub-server/hub-server.ts";
import { fetchSnapshot } from "../src/fetch-snapshot.ts";
import { findSnapshot } from "../src/find-snapshot.ts";
import { modelFiles, NEEDED, REPO, serve, settingsFor, sizeOf } from "./support/model-repo.ts";
import { quickNetwork } from "./support/quick-network.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const FILES = modelFiles();
const COMMIT = "c".repeat(40);
const noFetch: typeof fetch = () => Promise.reject(new Error("nothing may be fetched"));

/** What Python leaves in its cache: blobs, links, the ref; the listing only since huggingface_hub 2. */
function pythonCache(names: readonly string[], { tree = true } = {}): string {
  const cacheDir = temporaryFolder();
  const storage = join(cacheDir, "models--org--tiny-model");
  const put = (path: string, content: Uint8Array | string) => {
    mkdirSync(dirname(join(storage, path)), { recursive: true });
    writeFileSync(join(storage, path), content);
  };
  put("refs/main", COMMIT);
  for (const name of names) {
    const oid = blobId(FILES[name]!);
    put(`blobs/${oid}`, FILES[name]!);
    mkdirSync(join(storage, "snapshots", COMMIT), { recursive: true });
    symlinkSync(`../../blobs/${oid}`, join(storage, "snapshots", COMMIT, name));
  }
  const files = NEEDED.map((name) => [name, { size: FILES[name]!.length, blob_id: blobId(FILES[name]!) }]);
  if (tree)
    put(`trees/${COMMIT}.json`, JSON.stringify({ format_version: 1, files: Object.fromEntries(files) }));
  return cacheDir;
}

test.each([true, false])("what Python fetched is found offline (listing there: %s)", async (tree) => {
  const cacheDir = pythonCache(NEEDED, { tree });
  const options = { cacheDir, offline: true, network: quickNetwork({ fetch: noFetch }) };
  const found = await findSnapshot(REPO, options);
  expect(found).toMatchObject({
    revision: COMMIT,
    requested: "main",
    path: join(cacheDir, "models--org--tiny-model", "snapshots", COMMIT),
    license: { id: "apache-2.0" },
    fetchedBytes: 0,
    reusedBytes: sizeOf(FILES),
  });
  expect(found!.files.map(({ path }) => path)).toEqual(NEEDED);
  expect(await fetchSnapshot(REPO, options)).toEqual(found);
});

test.each([
  ["config.json", true],
  ["model-00002-of-00002.safetensors", true],
  ["model-00002-of-00002.safetensors", false],
  ["model.safetensors.index.json", true],
])("without %s it is not whole (listing there: %s)", async (missing, tree) => {
  const cacheDir = pythonCache(
    NEEDED.filter((name) => name !== missing),
    { tree },
  );
  expect(await findSnapshot(REPO, { cacheDir })).toBeUndefined();
  const offline = fetchSnapshot(REPO, { cacheDir, offline: true });
  await expect(offline).rejects.toMatchObject({
    code: "HUB_OFFLINE",
    message: expect.stringContaining(missing === "model.safetensors.index.json" ? "index" : missing),
  });
});

test("offline, an empty cache says so", async () => {
  const offline = fetchSnapshot(REPO, { cacheDir: temporaryFolder(), offline: true });
  await expect(offline).rejects.toMatchObject({
    code: "HUB_OFFLINE",
    message: `offline: the cache does not know ${REPO} at main`,
  });
});

test("what was fetched is found by branch, tag and commit, and without what it needs it is not", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  const snapshot = await fetchSnapshot(REPO, settings);
  const network = quickNetwork({ fetch: noFetch });
  for (const revision of [undefined, "main", snapshot.revision]) {
    const options = { ...settings, network, ...(revision === undefined ? {} : { revision }) };
    expect(await findSnapshot(REPO, options)).toMatchObject({ path: snapshot.path });
  }
  expect(await findSnapshot(REPO, { ...settings, revision: "v1" })).toBeUndefined();
  expect(await findSnapshot(REPO, { ...settings, include: ["*.gguf"] })).toBeUndefined();
  unlinkSync(join(snapshot.path, "config.json"));
  expect(await findSnapshot(REPO, settings)).toBeUndefined();
  rmSync(settings.cacheDir, { recursive: true });
  expect(await findSnapshot(REPO, settings)).toBeUndefined();
});

test("names in a listing that someone else wrote do not lead out of the cache", async () => {
  const cacheDir = pythonCache(NEEDED);
  writeFileSync(join(cacheDir, "outside.json"), "{}");
  const tree = { "../../../outside.json": { size: 2, blob_id: "0".repeat(40) } };
  const path = join(cacheDir, "models--org--tiny-model", "trees", `${COMMIT}.json`);
  writeFileSync(path, JSON.stringify({ format_version: 1, files: tree }));
  expect(await findSnapshot(REPO, { cacheDir, include: ["*outside.json"] })).toBeUndefined();
});

test("of a commit without a listing the Hub is asked what belongs to it", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  const commit = server.commits[REPO]!;
  const folder = join(settings.cacheDir, "models--org--tiny-model", "snapshots", commit);
  mkdirSync(folder, { recursive: true });
  const weights = NEEDED.filter((name) => name.startsWith("model"));
  for (const name of weights) writeFileSync(join(folder, name), FILES[name]!);
  const snapshot = await fetchSnapshot(REPO, { ...settings, revision: commit });
  expect(snapshot.files.map(({ path }) => path)).toEqual(NEEDED);
  expect(snapshot.reusedBytes).toBe(sizeOf(FILES, weights));
});
