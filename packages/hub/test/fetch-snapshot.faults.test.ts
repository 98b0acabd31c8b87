import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isPippinError } from "@pippin/core";
import { expect, test, vi } from "vitest";
import {
  blobId,
  type Fault,
  type FaultPlan,
  type HubServer,
  randomFaults,
  sha256,
} from "../../../tools/hub-server/hub-server.ts";
import { fetchSnapshot } from "../src/fetch-snapshot.ts";
import type { SnapshotOptions } from "../src/types.ts";
import { contentBytes, modelFiles, NEEDED, REPO, serve, settingsFor, sizeOf } from "./support/model-repo.ts";
import { quickNetwork } from "./support/quick-network.ts";

const SHARD_BYTES = 150_000;
const SHARD = "model-00001-of-00002.safetensors";
const STALL_MS = 600;
const TOKEN = "hf_member";

/** What can go wrong on the way of a file. */
const FAULTS: readonly Fault[] = [
  { kind: "cut", afterBytes: SHARD_BYTES },
  { kind: "cut", afterBytes: 5000 },
  { kind: "cut", afterBytes: 100 },
  { kind: "status", status: 429, retryAfter: "2" },
  { kind: "status", status: 429, retryAfter: "Wed, 01 Jan 2020 00:00:00 GMT" },
  { kind: "status", status: 429, resetSeconds: 3 },
  { kind: "status", status: 500 },
  { kind: "status", status: 502 },
  { kind: "status", status: 503 },
  { kind: "status", status: 504 },
  { kind: "wrong-bytes" },
  { kind: "trickle", bytesPerChunk: 20_000, pauseMs: 1 },
  { kind: "stall" },
  { kind: "refuse" },
  { kind: "ignore-range" },
  { kind: "short" },
  { kind: "wrong-etag" },
];
/** Of a listing the content cannot be checked: it is what everything else is checked with. */
const LISTING_FAULTS = FAULTS.filter(({ kind }) => kind !== "wrong-bytes");
/** Errors that such faults may end in. */
const TYPED = [
  "HUB_FILE_CORRUPT",
  "HUB_RATE_LIMITED",
  "HUB_RESPONSE_INVALID",
  "HUB_SERVER_ERROR",
  "HUB_UNREACHABLE",
];

const SEEDS = Array.from({ length: 100 }, (_, seed) => seed);

// Most of the time is spent in waiting for silent connections.
vi.setConfig({ maxConcurrency: 20 });

test.concurrent.for(SEEDS)(
  "random faults %i: exact bytes or a typed error, and nothing twice",
  async (seed, { onTestFinished: atEnd }) => {
    const files = modelFiles(SHARD_BYTES, seed);
    const options = {
      repos: [{ id: REPO, files, private: true }],
      tokens: [TOKEN],
      fault: faultsOf(seed),
      resolveCache: seed % 2 === 0,
    };
    const server = await serve(options, atEnd);
    const settings = { ...settingsFor(server, atEnd), token: TOKEN, network: hastyNetwork() };
    const first = await fetchSnapshot(REPO, settings).catch((error: unknown) => error);
    const hasFailed = first instanceof Error;
    if (hasFailed) expect(TYPED, String(first.stack)).toContain(isPippinError(first) && first.code);
    expectNothingWrong(settings, files, hasFailed);
    if (!hasFailed)
      expect(contentBytes(server)).toBeLessThanOrEqual(sizeOf(files) + destroyedBytes(server, files));

    const missing = missingBytes(settings.cacheDir, files);
    const before = server.requests.length;
    server.plan(undefined);
    const second = await fetchSnapshot(REPO, { ...settings, network: quickNetwork() });
    expectNothingWrong(settings, files, false);
    expect(second.files.map(({ path }) => path)).toEqual(NEEDED);
    expect(contentBytes(server, before)).toBe(missing);
    expect(second.fetchedBytes).toBe(missing);

    const elsewhere = server.requests.filter(({ host }) => host === "cdn");
    expect(elsewhere.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  },
);

test("the hundred plans hold every fault, errors and successes", async () => {
  const seen = new Set<string>();
  for (const seed of SEEDS) {
    const plan = faultsOf(seed);
    for (let n = 0; n < 20; n++) seen.add(plan(requestOf(`/${n}`), n)?.kind ?? "none");
  }
  expect([...seen].sort()).toEqual([...new Set(["none", ...FAULTS.map(({ kind }) => kind)])].sort());
});

function requestOf(path: string) {
  return { host: "cdn", method: "GET", path, headers: {}, bytesSent: 0, status: 0, file: SHARD } as const;
}

/** Seeds differ in how bad the network is. */
function faultsOf(seed: number): FaultPlan {
  const rate = [0.2, 0.4, 0.6, 0.8][seed % 4]!;
  const forFiles = randomFaults({ seed, rate, faults: FAULTS, match: ({ file }) => file !== undefined });
  const forListing = randomFaults({
    seed,
    rate: rate / 3,
    faults: LISTING_FAULTS,
    match: ({ file }) => file === undefined,
  });
  return (request, n) => forFiles(request, n) ?? forListing(request, n);
}

/** Gives up sooner than people would, so that errors happen. */
function hastyNetwork() {
  return quickNetwork({ stallMs: STALL_MS, maxAttempts: 4 });
}

/** Each blob has the hash that is its name, and a snapshot that can be seen is whole. */
function expectNothingWrong(
  { cacheDir = "" }: SnapshotOptions,
  files: Readonly<Record<string, Uint8Array>>,
  hasFailed: boolean,
): void {
  const storage = join(cacheDir, "models--org--tiny-model");
  for (const name of namesIn(join(storage, "blobs"))) {
    if (name.endsWith(".incomplete")) continue;
    const content = readFileSync(join(storage, "blobs", name));
    expect(name.length === 64 ? sha256(content) : blobId(content)).toBe(name);
  }
  const [commit] = namesIn(join(storage, "snapshots"));
  if (hasFailed) {
    expect(commit).toBeUndefined();
    expect(namesIn(join(storage, "refs"))).toEqual([]);
    return;
  }
  for (const name of NEEDED) {
    const content = readFileSync(join(storage, "snapshots", commit!, name));
    expect(content.equals(files[name]!), name).toBe(true);
  }
}

/** An upper bound of what the faults made useless: what they sent themselves, and all of a file that came wrong. */
function destroyedBytes(server: HubServer, files: Readonly<Record<string, Uint8Array>>): number {
  const faulty = server.requests.filter(({ fault }) => fault !== undefined && fault !== "trickle");
  return faulty.reduce((sum, { fault, file, bytesSent }) => {
    return sum + bytesSent + (fault === "wrong-bytes" ? (files[file!]?.length ?? 0) : 0);
  }, 0);
}

/** What a run has to fetch after this one; an unfinished file with wrong bytes in it is found out at its end. */
function missingBytes(cacheDir: string, files: Readonly<Record<string, Uint8Array>>): number {
  const blobs = join(cacheDir, "models--org--tiny-model", "blobs");
  const names = namesIn(blobs);
  return NEEDED.map((file) => {
    const content = files[file]!;
    const hashes = [sha256(content), blobId(content)];
    const found = names.find((name) => hashes.includes(name.split(".")[0]!));
    const kept = found === undefined ? Buffer.alloc(0) : readFileSync(join(blobs, found));
    const isRight = kept.equals(content.subarray(0, kept.length));
    return content.length - kept.length + (isRight ? 0 : content.length);
  }).reduce((sum, bytes) => sum + bytes, 0);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
