/** The server of `tools/hub-server`, asked by Hugging Face's own client and by hand. Python asks it in the oracle tests. */
import { downloadFile, HubApiError, listFiles, modelInfo, pathsInfo } from "@huggingface/hub";
import { afterEach, expect, test } from "vitest";
import {
  blobId,
  type Fault,
  type HubServer,
  type HubServerOptions,
  randomFaults,
  type ServedRequest,
  sha256,
  startHubServer,
} from "../../../tools/hub-server/hub-server.ts";

const REPO = "org/name";
const TOKEN = "hf_member";
const WEIGHTS = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 31) % 251);
const FILES = {
  "README.md": '---\nlicense: apache-2.0\ntags:\n- text-generation\n---\n# "Hello"\n',
  "config.json": '{"model_type":"llama"}',
  "model.safetensors": WEIGHTS,
  "original/params.json": "{}",
};

let server: HubServer;
afterEach(() => server.close());

async function start(options: Partial<HubServerOptions> = {}) {
  server = await startHubServer({ repos: [{ id: REPO, files: FILES }], tokens: [TOKEN], ...options });
  return server.endpoint;
}

const get = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(server.endpoint + path, { redirect: "manual", headers, ...init });

/** The signed address of the weights at the second host. */
const signed = async () => (await get(`/${REPO}/resolve/main/model.safetensors`)).headers.get("location")!;

test("Hugging Face's client reads what the repository is, page by page what lies in it, and its bytes", async () => {
  const hubUrl = await start({ pageSize: 2, resolveCache: true });
  const info = await modelInfo({ name: REPO, hubUrl, additionalFields: ["sha", "cardData"] });
  expect(info).toMatchObject({ name: REPO, gated: false, private: false, sha: server.commits[REPO] });
  expect(info.cardData).toEqual({ license: "apache-2.0", tags: ["text-generation"] });

  const entries = await Array.fromAsync(listFiles({ repo: REPO, hubUrl, recursive: true }));
  expect(entries.map(({ path, type, size }) => [path, type, size])).toEqual([
    ["original", "directory", 0],
    ...Object.entries(FILES).map(([path, content]) => [path, "file", content.length]),
  ]);
  expect(entries[3]?.lfs).toEqual({ oid: sha256(WEIGHTS), size: 300_000, pointerSize: 131 });
  expect(server.requests.filter(({ path }) => path.includes("/tree/"))).toHaveLength(3);

  const whole = await Promise.all(
    Object.keys(FILES).map(async (path) => (await downloadFile({ repo: REPO, path, hubUrl }))!.arrayBuffer()),
  );
  expect(whole.map((bytes) => sha256(new Uint8Array(bytes)))).toEqual(Object.values(FILES).map(sha256));
});

test("ids of blobs are those of git", async () => {
  const hubUrl = await start({ repos: [{ id: REPO, files: { "a.txt": "hello\n", "b.bin": "hello\n" } }] });
  const entries = await pathsInfo({ repo: REPO, hubUrl, paths: ["a.txt", "b.bin", "missing"], expand: true });
  // `printf 'hello\n' | git hash-object --stdin`, and the same for the LFS pointer of these six bytes.
  expect(entries.map(({ oid }) => oid)).toEqual([
    "ce013625030ba8dba906f756967f9e9ca394464a",
    "fa61e1ef71c9908c0926776a4aa3504b3a27f159",
  ]);
  expect(entries[0]?.lastCommit?.id).toBe(server.commits[REPO]);
});

test("a folder is listed alone, without what lies deeper", async () => {
  const hubUrl = await start();
  const top = await Array.fromAsync(listFiles({ repo: REPO, hubUrl }));
  expect(top.map(({ path }) => path)).toEqual(["original", "README.md", "config.json", "model.safetensors"]);
  const folder = await Array.fromAsync(listFiles({ repo: REPO, hubUrl, path: "original" }));
  expect(folder.map(({ path }) => path)).toEqual(["original/params.json"]);
});

test("a large file is a redirect to another host, and says what a client needs to know", async () => {
  await start();
  const answer = await get(`/${REPO}/resolve/main/model.safetensors`, {}, { method: "HEAD" });
  expect(answer.status).toBe(302);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "x-repo-commit": server.commits[REPO],
    "x-linked-size": "300000",
    "x-linked-etag": `"${sha256(WEIGHTS)}"`,
    "accept-ranges": "bytes",
  });
  const address = new URL(answer.headers.get("location")!);
  expect(address.hostname).not.toBe(new URL(server.endpoint).hostname);
  expect(new Uint8Array(await (await fetch(address)).arrayBuffer())).toEqual(WEIGHTS);
});

test("a file in Xet names its hash and where its parts are listed", async () => {
  await start({ repos: [{ id: REPO, files: { "m.gguf": "x" }, large: () => "xet" }] });
  const plain = await get(`/${REPO}/resolve/main/m.gguf`);
  expect(plain.status).toBe(302);
  expect(plain.headers.get("x-xet-hash")).toMatch(/^[0-9a-f]{64}$/);
  expect(plain.headers.get("link")).toMatch(
    new RegExp(
      `^<${server.endpoint}/api/models/${REPO}/xet-read-token/[0-9a-f]{40}>; rel="xet-auth", <https`,
    ),
  );
  const described = await get(`/${REPO}/resolve/main/m.gguf`, {
    accept: "application/vnd.xet-fileinfo+json",
  });
  expect(described.status).toBe(200);
});

test.each([
  ["bytes=0-3", 206, "bytes 0-3/22", '{"mo'],
  ["bytes=20-", 206, "bytes 20-21/22", '"}'],
  ["bytes=-2", 206, "bytes 20-21/22", '"}'],
  ["bytes=20-99", 206, "bytes 20-21/22", '"}'],
  ["bytes=22-", 416, "bytes */22", ""],
  ["bytes=-0", 416, "bytes */22", ""],
  ["bytes=3-1", 200, null, FILES["config.json"]],
  ["bytes=0-1,4-5", 200, null, FILES["config.json"]],
  ["lines=1-2", 200, null, FILES["config.json"]],
])("the range %s is answered with %i", async (range, status, contentRange, content) => {
  await start();
  const answer = await get(`/${REPO}/resolve/main/config.json`, { range });
  expect([answer.status, answer.headers.get("content-range")]).toEqual([status, contentRange]);
  expect(await answer.text()).toBe(content);
});

test("a file that has not changed is not sent again, and a range of one that has is sent whole", async () => {
  await start();
  const path = `/${REPO}/resolve/main/config.json`;
  const etag = (await get(path, { range: "bytes=0-0" })).headers.get("etag")!;
  expect((await get(path, { "if-none-match": etag })).status).toBe(304);
  expect((await get(path, { range: "bytes=0-3", "if-range": etag })).status).toBe(206);
  expect((await get(path, { range: "bytes=0-3", "if-range": '"other"' })).status).toBe(200);
});

test("text is compressed for who accepts it: then it has no length and a weak entity tag", async () => {
  await start();
  const answer = await get(`/${REPO}/resolve/main/config.json`, { "accept-encoding": "gzip" });
  expect(answer.headers.get("content-encoding")).toBe("gzip");
  expect(answer.headers.get("content-length")).toBeNull();
  expect(answer.headers.get("etag")).toMatch(/^W\/"[0-9a-f]{40}"$/);
  expect(await answer.text()).toBe(FILES["config.json"]);
});

test("branches, tags, pull requests and beginnings of commits lead to their commits", async () => {
  const old = "0123456789".repeat(4);
  const history = { [old]: { "config.json": "old" } };
  await start({ repos: [{ id: REPO, files: FILES, history, refs: { "v1.0": old, "refs/pr/1": old } }] });
  const commitOf = async (revision: string) =>
    (await get(`/${REPO}/resolve/${revision}/config.json`)).headers.get("x-repo-commit");
  const names = ["v1.0", "refs/pr/1", "refs%2Fpr%2F1", old, old.slice(0, 8), "main"];
  expect(await Promise.all(names.map(commitOf))).toEqual([old, old, old, old, old, server.commits[REPO]]);
});

const REPOS: HubServerOptions["repos"] = [
  { id: "org/public", files: FILES },
  { id: "org/private", files: FILES, private: true },
  { id: "org/gated", files: FILES, gated: "manual" },
  { id: "org/gone", files: FILES, disabled: true },
];

test.each([
  ["missing", "/api/models/org/none", undefined, 401, "RepoNotFound"],
  ["missing", "/api/models/org/none", "hf_stranger", 404, "RepoNotFound"],
  ["private", "/org/private/resolve/main/config.json", undefined, 401, "RepoNotFound"],
  ["private", "/org/private/resolve/main/config.json", "hf_stranger", 404, "RepoNotFound"],
  ["private", "/org/private/resolve/main/config.json", TOKEN, 200, null],
  ["gated", "/api/models/org/gated/tree/main", undefined, 200, null],
  ["gated", "/org/gated/resolve/main/config.json", undefined, 401, "GatedRepo"],
  ["gated", "/org/gated/resolve/main/config.json", "hf_stranger", 403, "GatedRepo"],
  ["gated", "/org/gated/resolve/main/model.safetensors", TOKEN, 302, null],
  ["taken down", "/org/gone/resolve/main/config.json", TOKEN, 403, null],
  ["public", "/org/public/resolve/main/config.json", "hf_wrong", 401, null],
  ["public", "/org/public/resolve/main/none.json", undefined, 404, "EntryNotFound"],
  ["public", "/org/public/resolve/nowhere/config.json", undefined, 404, "RevisionNotFound"],
  ["public", "/api/models/org/public/revision/nowhere", undefined, 404, "RevisionNotFound"],
  ["public", "/api/models/org/public/%E0%A4%A", undefined, 404, null],
  ["public", "/org/public/resolve/main/%E0%A4%A", undefined, 400, null],
])("a %s repository at %s for the token %s: %i", async (_, path, token, status, code) => {
  await start({ repos: REPOS, strangers: ["hf_stranger"] });
  const answer = await get(path, token === undefined ? {} : { authorization: `Bearer ${token}` });
  expect([answer.status, answer.headers.get("x-error-code")]).toEqual([status, code]);
});

test("Hugging Face's client shows the sentence of an error", async () => {
  const hubUrl = await start();
  const error = await modelInfo({ name: "org/none", hubUrl }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(HubApiError);
  expect(error).toMatchObject({ statusCode: 401, data: { error: "Invalid username or password." } });
});

test.each([
  "/api/models/old/name",
  "/old/name/resolve/main/config.json",
  "/ORG/Name/resolve/main/config.json",
])("%s is a redirect to today's name on the same host", async (path) => {
  await start({ renamed: { "old/name": REPO } });
  const answer = await get(path);
  expect([answer.status, answer.headers.get("location")]).toEqual([
    307,
    path.replace(/old\/name|ORG\/Name/, REPO),
  ]);
});

test("the second host wants its signature and no token, and a signature can expire", async () => {
  await start({ signatureUses: 2 });
  const address = await signed();
  expect((await fetch(address, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(400);
  expect((await fetch(address.replace(/Signature=./, "Signature=x"))).status).toBe(403);
  const statuses = [await fetch(address), await fetch(address), await fetch(address)].map(
    ({ status }) => status,
  );
  expect(statuses).toEqual([200, 200, 403]);
  expect((await fetch(await signed())).status).toBe(200);
});

test("each request is recorded with its token, its range, its file and the bytes that were sent", async () => {
  await start();
  const headers = { authorization: `Bearer ${TOKEN}`, range: "bytes=10-19" };
  await (await get(`/${REPO}/resolve/main/model.safetensors`, headers, { redirect: "follow" })).arrayBuffer();
  expect(server.requests).toMatchObject([
    { host: "hub", status: 302, authorization: `Bearer ${TOKEN}`, range: "bytes=10-19" },
    { host: "cdn", status: 206, file: "model.safetensors", range: "bytes=10-19", bytesSent: 10 },
  ]);
  expect(server.requests[1]).not.toHaveProperty("authorization");
});

test("what is served can change while the server runs", async () => {
  await start();
  const before = server.commits[REPO];
  server.serve({ id: REPO, files: { "config.json": "new" }, history: { [before!]: FILES } });
  const now = await get(`/${REPO}/resolve/main/config.json`);
  expect(await now.text()).toBe("new");
  expect(now.headers.get("x-repo-commit")).not.toBe(before);
  expect(await (await get(`/${REPO}/resolve/${before}/config.json`)).text()).toBe(FILES["config.json"]);
});

/** The weights, from the second host, with a fault there. */
async function faulty(fault: Fault, headers: Record<string, string> = {}) {
  await start({ fault: ({ host }) => (host === "cdn" ? fault : undefined) });
  return await fetch(await signed(), { headers });
}

const differences = (bytes: Uint8Array) => bytes.filter((byte, index) => byte !== WEIGHTS[index]).length;

test("cut: the connection breaks where it should", async () => {
  const answer = await faulty({ kind: "cut", afterBytes: 100_001 });
  expect(answer.headers.get("content-length")).toBe("300000");
  await expect(answer.arrayBuffer()).rejects.toThrow();
  expect(server.requests.at(-1)).toMatchObject({ fault: "cut", bytesSent: 100_001, status: 200 });
});

test("status: with Retry-After as it was given", async () => {
  const answer = await faulty({ kind: "status", status: 503, retryAfter: "7" });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "7"]);
});

test("status 429 of the Hub says when its window ends", async () => {
  await start({ fault: () => ({ kind: "status", status: 429, resetSeconds: 4 }) });
  const answer = await get(`/api/models/${REPO}`);
  expect([answer.status, answer.headers.get("ratelimit")]).toEqual([429, '"resolvers";r=0;t=4']);
});

test("wrong-bytes: one byte differs", async () => {
  expect(differences(await (await faulty({ kind: "wrong-bytes" })).bytes())).toBe(1);
});

test("trickle: all arrives, in small pieces", async () => {
  const answer = await faulty({ kind: "trickle", bytesPerChunk: 100_000, pauseMs: 1 });
  const bytes = await answer.bytes();
  expect([bytes.length, differences(bytes)]).toEqual([300_000, 0]);
});

test("stall: headers, and no byte of the body", async () => {
  const answer = await faulty({ kind: "stall" });
  const reader = answer.body!.getReader();
  const first = reader.read().then(() => "body");
  expect(answer.status).toBe(200);
  // An exchange with the other host takes longer than the first bytes would have.
  expect(await Promise.race([first, get("/").then(() => "nothing yet")])).toBe("nothing yet");
  await reader.cancel();
});

test("refuse: no answer", async () => {
  await expect(faulty({ kind: "refuse" })).rejects.toThrow();
  expect(server.requests.at(-1)).toMatchObject({ fault: "refuse", status: 0, bytesSent: 0 });
});

test("ignore-range: everything instead of a part", async () => {
  const answer = await faulty({ kind: "ignore-range" }, { range: "bytes=5-9" });
  expect([answer.status, (await answer.bytes()).length]).toEqual([200, 300_000]);
});

test.each([
  [{}, 200, null, 150_000],
  [{ range: "bytes=100-199" }, 206, "bytes 100-149/300000", 50],
])("short: half of it, and headers that agree, for %j", async (headers, status, range, length) => {
  const answer = await faulty({ kind: "short" }, headers);
  expect([answer.status, answer.headers.get("content-range")]).toEqual([status, range]);
  expect((await answer.bytes()).length).toBe(length);
});

test("wrong-etag: of the file and of what it is linked to", async () => {
  await start({ fault: () => ({ kind: "wrong-etag" }) });
  const identity = { "accept-encoding": "identity" };
  const small = await get(`/${REPO}/resolve/main/config.json`, identity, { method: "HEAD" });
  const large = await get(`/${REPO}/resolve/main/model.safetensors`, {}, { method: "HEAD" });
  expect(small.headers.get("etag")).toMatch(/^"[0-9a-f]{40}"$/);
  expect(small.headers.get("etag")).not.toBe(`"${blobId(Buffer.from(FILES["config.json"]))}"`);
  expect(large.headers.get("x-linked-etag")).toMatch(/^"[0-9a-f]{64}"$/);
  expect(large.headers.get("x-linked-etag")).not.toBe(`"${sha256(WEIGHTS)}"`);
});

test("random faults depend on the seed and the request, not on the order in which requests arrive", () => {
  const requests = ["/a", "/b", "/c?Signature=1", "/a", "/b", "/c?Signature=2", "/a", "/d"].map(
    (path): ServedRequest => ({ host: "hub", method: "GET", path, headers: {}, bytesSent: 0, status: 0 }),
  );
  const met = (seed: number, order: readonly ServedRequest[]) => {
    const faults: Fault[] = [{ kind: "cut", afterBytes: 1000 }, { kind: "refuse" }, { kind: "stall" }];
    const plan = randomFaults({ seed, rate: 0.5, faults });
    return order.map((request) => `${request.path[1]} ${JSON.stringify(plan(request, 0))}`).sort();
  };
  expect(met(1, requests)).toEqual(met(1, requests.toReversed()));
  expect(met(1, requests)).not.toEqual(met(2, requests));
  expect(new Set(met(1, requests)).size).toBeGreaterThan(3);
});
