import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { ProgressEvent, Warning } from "@pippin/core";
import { expect, test } from "vitest";
import { blobId, type Files, sha256 } from "../../../tools/hub-server/hub-server.ts";
import { fetchSnapshot } from "../src/fetch-snapshot.ts";
import { contentBytes, modelFiles, NEEDED, REPO, serve, settingsFor, sizeOf } from "./support/model-repo.ts";
import { quickNetwork } from "./support/quick-network.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const FILES = modelFiles();
const SHARD = "model-00001-of-00002.safetensors";

function expectWhole(folder: string, files: Files = FILES, names = NEEDED): void {
  for (const name of names) {
    expect(readFileSync(join(folder, name)).equals(Buffer.from(files[name]!)), name).toBe(true);
  }
}

function storageOf(cacheDir: string): string {
  return join(cacheDir, "models--org--tiny-model");
}

test("a snapshot comes whole, in the layout of Python's cache", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  const snapshot = await fetchSnapshot(REPO, settings);
  const commit = server.commits[REPO]!;
  const storage = storageOf(settings.cacheDir);
  expect(snapshot).toMatchObject({
    repo: REPO,
    revision: commit,
    requested: "main",
    path: join(storage, "snapshots", commit),
    license: { id: "apache-2.0" },
    fetchedBytes: sizeOf(FILES),
    reusedBytes: 0,
  });
  expect(snapshot.files.map(({ path }) => path)).toEqual(NEEDED);
  expectWhole(snapshot.path);
  expect(readFileSync(join(storage, "refs/main"), "utf8")).toBe(commit);
  expect(readlinkSync(join(snapshot.path, SHARD))).toBe(`../../blobs/${sha256(FILES[SHARD]!)}`);
  expect(readlinkSync(join(snapshot.path, "config.json"))).toBe(
    `../../blobs/${blobId(FILES["config.json"]!)}`,
  );
  expect(readFileSync(join(settings.cacheDir, "CACHEDIR.TAG"), "utf8")).toContain(
    "8a477f597d28d172789f06886806bc55",
  );
  expect(readdirSync(settings.cacheDir).sort()).toEqual([
    ".locks",
    "CACHEDIR.TAG",
    "models--org--tiny-model",
  ]);
  // Python takes a snapshot for incomplete that lacks a file of this listing.
  expect(existsSync(join(storage, "trees"))).toBe(false);
});

test("a second call asks one question and fetches nothing", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  await fetchSnapshot(REPO, settings);
  const before = server.requests.length;
  const again = await fetchSnapshot(REPO, settings);
  expect(again).toMatchObject({ fetchedBytes: 0, reusedBytes: sizeOf(FILES) });
  expect(server.requests.length - before).toBe(1);
  await fetchSnapshot(REPO, { ...settings, revision: again.revision });
  expect(server.requests.length - before).toBe(1);
});

test("a cache that cannot be written is good enough when nothing is missing", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  const snapshot = await fetchSnapshot(REPO, settings);
  const storage = storageOf(settings.cacheDir);
  for (const folder of ["pippin", "refs"]) {
    rmSync(join(storage, folder), { recursive: true });
    writeFileSync(join(storage, folder), "in the way");
  }
  expect(await fetchSnapshot(REPO, settings)).toMatchObject({ path: snapshot.path, fetchedBytes: 0 });
});

test("a new commit brings only what has changed", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  const first = await fetchSnapshot(REPO, settings);
  const changed = { ...FILES, "config.json": Buffer.from('{"changed":true}') };
  server.serve({ id: REPO, files: changed, history: { [first.revision]: FILES } });
  const second = await fetchSnapshot(REPO, settings);
  expect(second.revision).not.toBe(first.revision);
  expect(second.fetchedBytes).toBe(changed["config.json"].length);
  expectWhole(second.path, changed);
  expectWhole(first.path);
});

test("files of the same content are fetched once", async () => {
  const server = await serve({
    repos: [{ id: REPO, files: { "model.safetensors": "x", "a.json": "{}", "b.json": "{}" } }],
  });
  const snapshot = await fetchSnapshot(REPO, { ...settingsFor(server), include: ["*.json"] });
  expect(snapshot.fetchedBytes).toBe(2);
  expectWhole(snapshot.path, { "a.json": "{}", "b.json": "{}" }, ["a.json", "b.json"]);
});

test("an empty file is a file", async () => {
  const server = await serve({
    repos: [{ id: REPO, files: { "model.safetensors": "x", "merges.txt": "" } }],
  });
  const snapshot = await fetchSnapshot(REPO, settingsFor(server));
  expect(statSync(join(snapshot.path, "merges.txt")).size).toBe(0);
});

test("progress counts bytes up to the total, what was there included", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  await fetchSnapshot(REPO, { ...settings, exclude: ["*.safetensors"] });
  const events: ProgressEvent[] = [];
  await fetchSnapshot(REPO, settings, { progress: (event) => events.push(event) });
  const total = sizeOf(FILES);
  const before = total - 400_000;
  expect(events[0]).toMatchObject({ stage: "fetch", unit: "bytes", done: before, total });
  expect(events.at(-1)).toMatchObject({ done: total, total });
  const counts = events.map(({ done }) => done);
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  expect(new Set(events.map(({ item }) => item)).size).toBeGreaterThan(1);
});

test("a connection that breaks is taken up where it broke", async () => {
  const server = await serve({
    fault: ({ host, range }) =>
      host === "cdn" && range === "bytes=0-" ? { kind: "cut", afterBytes: 100_000 } : undefined,
  });
  const snapshot = await fetchSnapshot(REPO, settingsFor(server));
  expectWhole(snapshot.path);
  const resumed = server.requests.filter(({ host, range }) => host === "cdn" && range !== "bytes=0-");
  expect(resumed.length).toBeGreaterThanOrEqual(2);
});

test("a silent connection is given up after a while and taken up again", async () => {
  let stalls = 0;
  const server = await serve({
    fault: ({ host }) => (host === "cdn" && stalls++ < 2 ? { kind: "stall" } : undefined),
  });
  const settings = settingsFor(server);
  const snapshot = await fetchSnapshot(REPO, { ...settings, network: quickNetwork({ stallMs: 300 }) });
  expectWhole(snapshot.path);
});

test("signed addresses that have expired are asked for anew", async () => {
  const server = await serve({
    signatureUses: 1,
    fault: ({ host, range }) =>
      host === "cdn" && range === "bytes=0-" ? { kind: "cut", afterBytes: 10_000 } : undefined,
  });
  expectWhole((await fetchSnapshot(REPO, settingsFor(server))).path);
});

test.each([
  ["the Hub names seconds", { retryAfter: "3" }, 3000],
  ["the Hub names the end of its window", { resetSeconds: 9 }, 9000],
])("when %s, it is given them", async (_, header, wait) => {
  let limited = 0;
  const server = await serve({
    fault: ({ host }) =>
      host === "hub" && limited++ === 0 ? { kind: "status", status: 429, ...header } : undefined,
  });
  const network = quickNetwork();
  await fetchSnapshot(REPO, { ...settingsFor(server), network });
  expect(network.waits).toEqual([wait]);
});

test("wrong content once is thrown away and fetched again", async () => {
  let wrong = 0;
  const server = await serve({
    fault: ({ file, host }) =>
      file === SHARD && host === "cdn" && wrong++ === 0 ? { kind: "wrong-bytes" } : undefined,
  });
  const events: ProgressEvent[] = [];
  const snapshot = await fetchSnapshot(REPO, settingsFor(server), {
    progress: (event) => events.push(event),
  });
  expectWhole(snapshot.path);
  expect(snapshot.fetchedBytes).toBe(sizeOf(FILES) + 200_000);
  expect(events.at(-1)).toMatchObject({ done: sizeOf(FILES), total: sizeOf(FILES) });
});

test.each([SHARD, "tokenizer_config.json"])(
  "wrong content of %s twice is an error, and nothing of it stays",
  async (name) => {
    const server = await serve({
      fault: ({ file, status }) => (file === name && status !== 302 ? { kind: "wrong-bytes" } : undefined),
    });
    const settings = settingsFor(server);
    await expect(fetchSnapshot(REPO, settings)).rejects.toMatchObject({ code: "HUB_FILE_CORRUPT" });
    const storage = storageOf(settings.cacheDir);
    const hash = name === SHARD ? sha256(FILES[name]!) : blobId(FILES[name]!);
    expect(readdirSync(join(storage, "blobs")).filter((blob) => blob.startsWith(hash))).toEqual([]);
    expect(existsSync(join(storage, "refs"))).toBe(false);
    server.plan(undefined);
    expectWhole((await fetchSnapshot(REPO, settings)).path);
  },
);

test("an unfinished file with wrong content costs one more attempt", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  const blobs = join(storageOf(settings.cacheDir), "blobs");
  mkdirSync(blobs, { recursive: true });
  writeFileSync(join(blobs, `${sha256(FILES[SHARD]!)}.0123.pippin.incomplete`), new Uint8Array(150_000));
  const snapshot = await fetchSnapshot(REPO, settings);
  expectWhole(snapshot.path);
  expect(snapshot.fetchedBytes).toBe(sizeOf(FILES) + 50_000);
});

test("an unfinished file that is too long is begun anew, and Python's is left alone", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  const blobs = join(storageOf(settings.cacheDir), "blobs");
  mkdirSync(blobs, { recursive: true });
  const python = `${sha256(FILES[SHARD]!)}.0a1b2c3d.incomplete`;
  writeFileSync(join(blobs, python), "python's");
  writeFileSync(join(blobs, `${sha256(FILES[SHARD]!)}.0123.pippin.incomplete`), new Uint8Array(300_000));
  const snapshot = await fetchSnapshot(REPO, settings);
  expectWhole(snapshot.path);
  expect(snapshot.fetchedBytes).toBe(sizeOf(FILES));
  expect(readdirSync(blobs).filter((name) => name.endsWith("incomplete"))).toEqual([python]);
});

test.each([
  ["cut off", (path: string) => truncateSync(path, 10)],
  ["grown", (path: string) => appendFileSync(path, "x")],
])("a blob that was %s is replaced", async (_, damage) => {
  const server = await serve();
  const settings = settingsFor(server);
  const { path } = await fetchSnapshot(REPO, settings);
  damage(join(path, SHARD));
  expect((await fetchSnapshot(REPO, settings)).fetchedBytes).toBe(200_000);
  expectWhole(path);
});

test("a call that is cancelled leaves what it had, and the next goes on from there", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  const cancel = new AbortController();
  const progress = ({ done }: ProgressEvent) => done > 250_000 && cancel.abort();
  await expect(fetchSnapshot(REPO, settings, { signal: cancel.signal, progress })).rejects.toMatchObject({
    code: "CORE_CANCELLED",
  });
  const kept = bytesIn(settings.cacheDir);
  expect(kept).toBeGreaterThan(250_000);
  const before = server.requests.length;
  const snapshot = await fetchSnapshot(REPO, settings);
  expectWhole(snapshot.path);
  expect(snapshot).toMatchObject({ reusedBytes: kept, fetchedBytes: sizeOf(FILES) - kept });
  expect(contentBytes(server, before)).toBe(sizeOf(FILES) - kept);
});

/** Of blobs, finished or not. */
function bytesIn(cacheDir: string): number {
  const blobs = join(storageOf(cacheDir), "blobs");
  return readdirSync(blobs).reduce((sum, name) => sum + statSync(join(blobs, name)).size, 0);
}

test("a revision is pinned to its commit, and one that does not exist is an error", async () => {
  const old = "a".repeat(40);
  const server = await serve({
    repos: [
      { id: REPO, files: FILES, history: { [old]: { "model.safetensors": "old" } }, refs: { v1: old } },
    ],
  });
  const settings = settingsFor(server);
  const snapshot = await fetchSnapshot(REPO, { ...settings, revision: "v1" });
  expect(snapshot).toMatchObject({ revision: old, requested: "v1" });
  expect(readFileSync(join(storageOf(settings.cacheDir), "refs/v1"), "utf8")).toBe(old);
  await expect(fetchSnapshot(REPO, { ...settings, revision: "v2" })).rejects.toMatchObject({
    code: "HUB_REVISION_NOT_FOUND",
  });
});

test("a gated model needs a token with access, and leaves nothing behind without", async () => {
  const server = await serve({
    repos: [{ id: REPO, files: FILES, gated: "manual" }],
    tokens: ["hf_member"],
    strangers: ["hf_stranger"],
  });
  const settings = settingsFor(server);
  for (const token of [undefined, "hf_stranger"]) {
    const error = await fetchSnapshot(REPO, { ...settings, ...(token ? { token } : {}) }).catch(
      (cause) => cause,
    );
    expect(error).toMatchObject({ code: "HUB_GATED", details: { page: `${server.endpoint}/${REPO}` } });
    expect(error.details.hasToken).toBe(token !== undefined);
  }
  expect(existsSync(storageOf(settings.cacheDir))).toBe(false);
  expectWhole((await fetchSnapshot(REPO, { ...settings, token: "hf_member" })).path);
});

test.each([
  ["a private model without a token", undefined, "HUB_REPO_NOT_FOUND", "HF_TOKEN"],
  ["a private model with a stranger's token", "hf_stranger", "HUB_REPO_NOT_FOUND", "account"],
  ["a token that the Hub does not know", "hf_old", "HUB_UNAUTHORIZED", "HF_TOKEN"],
])("%s is told", async (_, token, code, hint) => {
  const server = await serve({
    repos: [{ id: REPO, files: FILES, private: true }],
    strangers: ["hf_stranger"],
  });
  const call = fetchSnapshot(REPO, { ...settingsFor(server), ...(token ? { token } : {}) });
  await expect(call).rejects.toMatchObject({ code, hint: expect.stringContaining(hint) });
});

test("a model that was renamed is found under its old name", async () => {
  const server = await serve({ renamed: { "org/old-name": REPO } });
  expectWhole((await fetchSnapshot("org/old-name", settingsFor(server))).path);
});

test("small files behind a redirect of the Hub's own come with the token", async () => {
  const server = await serve({
    repos: [{ id: REPO, files: FILES, private: true }],
    tokens: ["hf_member"],
    resolveCache: true,
  });
  expectWhole((await fetchSnapshot(REPO, { ...settingsFor(server), token: "hf_member" })).path);
});

test("the token reaches the Hub alone, and no file, event or error holds it", async () => {
  const token = "hf_do_not_show_me";
  const server = await serve({
    repos: [{ id: REPO, files: FILES, private: true }],
    tokens: [token],
    pageSize: 3,
  });
  const settings = { ...settingsFor(server), token };
  const events: unknown[] = [];
  const context = {
    progress: (event: unknown) => events.push(event),
    warn: (warning: unknown) => events.push(warning),
  };
  const localDir = temporaryFolder();
  const results = [
    await fetchSnapshot(REPO, settings, context),
    await fetchSnapshot(REPO, { ...settings, cacheDir: temporaryFolder(), localDir }, context),
  ];
  const errors = [
    await fetchSnapshot("org/none", settings, context).catch((error) => error),
    await fetchSnapshot(REPO, { ...settings, revision: "none" }, context).catch((error) => error),
    await fetchSnapshot(REPO, { ...settings, token: `${token} x` }, context).catch((error) => error),
  ];
  expect(errors.map(({ code }) => code)).toEqual([
    "HUB_REPO_NOT_FOUND",
    "HUB_REVISION_NOT_FOUND",
    "HUB_TOKEN_INVALID",
  ]);
  const shown = JSON.stringify([
    results,
    events,
    errors.map((e) => [e, e.message, e.hint, e.stack, e.details, e.cause]),
  ]);
  expect(shown).not.toContain(token);
  for (const folder of [settings.cacheDir, localDir]) {
    for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      expect(entry).not.toContain(token);
      const path = join(folder, entry);
      if (statSync(path).isFile()) expect(readFileSync(path).includes(token), entry).toBe(false);
    }
  }
  const elsewhere = server.requests.filter(({ host }) => host === "cdn");
  expect(elsewhere.length).toBeGreaterThan(2);
  expect(elsewhere.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  expect(JSON.stringify(elsewhere)).not.toContain(token);
});

test.each([
  [{ "../evil.json": "x" }],
  [{ "con.json": "x" }],
  [{ "config.json": "{}", "CONFIG.json": "{}" }],
  [{ ".git/hooks/post-checkout": "x" }],
])("the names %j are refused before anything is written", async (names) => {
  const files = { "model.safetensors": "x", ...(names as unknown as Record<string, string>) };
  const server = await serve({ repos: [{ id: REPO, files }] });
  const settings = settingsFor(server);
  await expect(fetchSnapshot(REPO, { ...settings, include: ["*"] })).rejects.toMatchObject({
    code: "HUB_PATH_UNSAFE",
  });
  expect(readdirSync(settings.cacheDir)).toEqual([]);
});

test("a listing that names more than any disk has is refused before it begins", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  const huge: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!String(input).includes("/tree/")) return response;
    return new Response((await response.text()).replaceAll(":200000,", ":4000000000000000,"));
  };
  const error = await fetchSnapshot(REPO, { ...settings, network: quickNetwork({ fetch: huge }) }).catch(
    (e) => e,
  );
  expect(error).toMatchObject({ code: "HUB_DISK_FULL", details: { free: expect.any(Number) } });
  expect(error.message).toContain("8000.0 TB are to be written to");
});

test("a listing of empty pages without end is given up", async () => {
  const server = await serve();
  let pages = 0;
  const endless: typeof fetch = async (input, init) => {
    const { origin, pathname } = new URL(String(input));
    if (!pathname.includes("/tree/")) return fetch(input, init);
    pages += 1;
    if (pages > 20_000) throw new Error("nobody has given up");
    return new Response("[]", { headers: { Link: `<${origin}${pathname}?cursor=${pages}>; rel="next"` } });
  };
  const settings = { ...settingsFor(server), network: quickNetwork({ fetch: endless }) };
  await expect(fetchSnapshot(REPO, settings)).rejects.toMatchObject({
    code: "HUB_RESPONSE_INVALID",
    message: expect.stringContaining("without end"),
  });
});

test("without an answer a whole snapshot in the cache is taken, with a warning", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  const snapshot = await fetchSnapshot(REPO, settings);
  await server.close();
  const warnings: Warning[] = [];
  const again = await fetchSnapshot(REPO, settings, { warn: (warning) => warnings.push(warning) });
  expect(again).toMatchObject({ path: snapshot.path, revision: snapshot.revision, fetchedBytes: 0 });
  expect(warnings).toMatchObject([{ code: "HUB_USED_CACHE" }]);
  const other = fetchSnapshot(REPO, { ...settings, include: ["*.gguf"] });
  await expect(other).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
});

test.each(["a/b/c", "..", "org/na me", "org/name/../x"])("%j is refused before any request", async (repo) => {
  const server = await serve();
  await expect(fetchSnapshot(repo, settingsFor(server))).rejects.toMatchObject({ code: "HUB_ID_INVALID" });
  expect(server.requests).toEqual([]);
});

test("no more files are fetched at once than asked for", async () => {
  let now = 0;
  let most = 0;
  const server = await serve();
  const counting: typeof fetch = async (input, init) => {
    if (!String(input).includes("/resolve/")) return fetch(input, init);
    now += 1;
    most = Math.max(most, now);
    const response = await fetch(input, init);
    now -= 1;
    return response;
  };
  const settings = { ...settingsFor(server), network: quickNetwork({ fetch: counting }) };
  await fetchSnapshot(REPO, { ...settings, concurrency: 1 });
  expect(most).toBe(1);
});
