import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { sha256 } from "../../../tools/hub-server/hub-server.ts";
import { fetchSnapshot } from "../src/fetch-snapshot.ts";
import { findSnapshot } from "../src/find-snapshot.ts";
import { contentBytes, modelFiles, NEEDED, REPO, serve, settingsFor, sizeOf } from "./support/model-repo.ts";
import { quickNetwork } from "./support/quick-network.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const FILES = modelFiles();
const SHARD = "model-00001-of-00002.safetensors";

async function fetched() {
  const server = await serve();
  const settings = { ...settingsFor(server), localDir: temporaryFolder() };
  return { server, settings, snapshot: await fetchSnapshot(REPO, settings) };
}

test("a folder gets plain files, and Python's notes about them", async () => {
  const { settings, snapshot } = await fetched();
  const { localDir } = settings;
  expect(snapshot.path).toBe(localDir);
  for (const name of NEEDED) {
    expect(lstatSync(join(localDir, name)).isFile()).toBe(true);
    expect(readFileSync(join(localDir, name)).equals(FILES[name]!)).toBe(true);
  }
  const state = join(localDir, ".cache/huggingface");
  const [commit, etag, time, rest] = readFileSync(join(state, `download/${SHARD}.metadata`), "utf8").split(
    "\n",
  );
  expect([commit, etag, rest]).toEqual([snapshot.revision, sha256(FILES[SHARD]!), ""]);
  expect(Math.abs(Number(time) - statSync(join(localDir, SHARD)).mtimeMs / 1000)).toBeLessThan(60);
  expect(readFileSync(join(state, ".gitignore"), "utf8")).toBe("*");
  expect(readFileSync(join(state, "CACHEDIR.TAG"), "utf8")).toContain("huggingface_hub");
  expect(readdirSync(join(state, "download")).every((name) => name.endsWith(".metadata"))).toBe(true);
  expect(readdirSync(settings.cacheDir)).toEqual([]);
});

test("a second call fetches nothing, also without the notes", async () => {
  const { server, settings } = await fetched();
  const before = server.requests.length;
  expect(await fetchSnapshot(REPO, settings)).toMatchObject({ fetchedBytes: 0, reusedBytes: sizeOf(FILES) });
  rmSync(join(settings.localDir, ".cache"), { recursive: true });
  expect(await fetchSnapshot(REPO, settings)).toMatchObject({ fetchedBytes: 0 });
  expect(contentBytes(server, before)).toBe(0);
});

test("a file that was changed is fetched again, and one that was only touched is not", async () => {
  const { settings } = await fetched();
  const later = new Date(Date.now() + 60_000);
  writeFileSync(join(settings.localDir, "config.json"), "x".repeat(FILES["config.json"]!.length));
  utimesSync(join(settings.localDir, "config.json"), later, later);
  utimesSync(join(settings.localDir, SHARD), later, later);
  const again = await fetchSnapshot(REPO, settings);
  expect(again.fetchedBytes).toBe(FILES["config.json"]!.length);
  expect(readFileSync(join(settings.localDir, "config.json")).equals(FILES["config.json"]!)).toBe(true);
});

test("what the cache holds is copied, and checked", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  const cached = await fetchSnapshot(REPO, settings);
  writeFileSync(join(cached.path, SHARD), new Uint8Array(200_000));
  const localDir = temporaryFolder();
  const copied = await fetchSnapshot(REPO, { ...settings, localDir });
  expect(copied.fetchedBytes).toBe(200_000);
  expect(readFileSync(join(localDir, SHARD)).equals(FILES[SHARD]!)).toBe(true);
});

test("room is asked for what is copied from the cache too, and the advice is about the folder", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  await fetchSnapshot(REPO, settings);
  const before = server.requests.length;
  const real = await fs.statfs(settings.cacheDir);
  const full = vi.spyOn(fs, "statfs").mockResolvedValue({ ...real, bavail: 1, bsize: 4096 });
  syncBuiltinESMExports();
  onTestFinished(() => {
    full.mockRestore();
    syncBuiltinESMExports();
  });
  const localDir = temporaryFolder();
  const error = await fetchSnapshot(REPO, { ...settings, localDir }).catch((thrown: unknown) => thrown);
  // The index comes first, and fits.
  expect(error).toMatchObject({ code: "HUB_DISK_FULL", details: { free: 4096 } });
  expect(error).toMatchObject({ hint: expect.stringContaining("name a folder on another disk") });
  expect(error).not.toMatchObject({ hint: expect.stringContaining("HF_HUB_CACHE") });
  expect(contentBytes(server, before)).toBe(0);
});

test("a folder that cannot be written is what the advice is about", async () => {
  const server = await serve();
  const localDir = join(temporaryFolder(), "file");
  writeFileSync(localDir, "");
  await expect(fetchSnapshot(REPO, { ...settingsFor(server), localDir })).rejects.toMatchObject({
    code: "HUB_CACHE_UNWRITABLE",
    hint: "Check the folder's permissions, or name another folder.",
  });
});

test("a broken call leaves no file that looks whole, and the next goes on", async () => {
  const server = await serve({
    fault: ({ host }) => (host === "cdn" ? { kind: "cut", afterBytes: 60_000 } : undefined),
  });
  const localDir = temporaryFolder();
  const settings = { ...settingsFor(server), localDir, network: quickNetwork({ maxAttempts: 1 }) };
  await expect(fetchSnapshot(REPO, settings)).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
  expect(existsSync(join(localDir, SHARD))).toBe(false);
  server.plan(undefined);
  const before = server.requests.length;
  const snapshot = await fetchSnapshot(REPO, settings);
  expect(contentBytes(server, before)).toBe(snapshot.fetchedBytes);
  expect(snapshot.fetchedBytes).toBeLessThan(sizeOf(FILES) - 50_000);
  expect(readFileSync(join(localDir, SHARD)).equals(FILES[SHARD]!)).toBe(true);
});

test("a folder that was filled is found offline", async () => {
  const { settings, snapshot } = await fetched();
  expect(await findSnapshot(REPO, settings)).toMatchObject({
    path: settings.localDir,
    revision: snapshot.revision,
  });
  expect(await findSnapshot("org/other", settings)).toBeUndefined();
  rmSync(join(settings.localDir, "config.json"));
  expect(await findSnapshot(REPO, settings)).toBeUndefined();
});
