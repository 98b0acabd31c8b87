import fc from "fast-check";
import { expect, test } from "vitest";
import { sha256 } from "../../../../tools/hub-server/hub-server.ts";
import { rangeSource } from "../../src/download/range-source.ts";
import { openConnection } from "../../src/http/connection.ts";
import { noise, REPO, serve } from "../support/model-repo.ts";
import { quickNetwork } from "../support/quick-network.ts";

const BLOCK = 64 * 1024;
const SIZE = 40 * BLOCK + 123;
const BYTES = noise(SIZE);
const PATH = "model.safetensors";

async function open(options: Parameters<typeof serve>[0] = {}, network = quickNetwork()) {
  const server = await serve({ repos: [{ id: REPO, files: { [PATH]: BYTES } }], ...options });
  const connection = openConnection({ endpoint: server.endpoint, network });
  const file = { path: PATH, size: SIZE, sha256: sha256(BYTES), oid: "0".repeat(40) };
  const source = rangeSource(connection, { repo: REPO, commit: server.commits[REPO]!, file });
  const ranges = () => server.requests.filter(({ host }) => host === "cdn").map(({ range }) => range);
  return { server, source, ranges };
}

function expectSame(read: Uint8Array, offset: number, length: number): void {
  expect(Buffer.from(read).equals(BYTES.subarray(offset, offset + length))).toBe(true);
}

test("reads of any place and length give the file's bytes", async () => {
  const { source } = await open();
  const range = fc.tuple(fc.nat(SIZE), fc.nat(3 * BLOCK));
  await fc.assert(
    fc.asyncProperty(fc.array(range, { maxLength: 4 }), async (reads) => {
      const all = reads.map(async ([offset, wanted]) => {
        const length = Math.min(wanted, SIZE - offset);
        expectSame(await source.read(offset, length), offset, length);
      });
      await Promise.all(all);
    }),
    { numRuns: 60 },
  );
});

test("small reads of one block are one request, and who reads on gets more each time", async () => {
  const { source, ranges } = await open();
  for (let at = 0; at < 10 * BLOCK; at += BLOCK / 4) expectSame(await source.read(at, 100), at, 100);
  const ends = [1, 3, 7, 15].map((blocks) => blocks * BLOCK - 1);
  expect(ranges()).toEqual([
    `bytes=0-${ends[0]}`,
    ...ends.slice(1).map((end, n) => `bytes=${ends[n]! + 1}-${end}`),
  ]);
});

test("neighboring blocks come in one request, and the Hub is asked once", async () => {
  const { server, source, ranges } = await open();
  expectSame(await source.read(BLOCK + 5, 5 * BLOCK), BLOCK + 5, 5 * BLOCK);
  await source.read(20 * BLOCK, 1);
  expect(ranges()).toEqual([`bytes=${BLOCK}-${7 * BLOCK - 1}`, `bytes=${20 * BLOCK}-${21 * BLOCK - 1}`]);
  expect(server.requests.filter(({ host }) => host === "hub")).toHaveLength(1);
});

test("a signed address that has expired is replaced", async () => {
  const { source } = await open({ signatureUses: 1 });
  for (const block of [0, 9, 18, 27]) expectSame(await source.read(block * BLOCK, 10), block * BLOCK, 10);
});

test("a read that failed is made again", async () => {
  const network = quickNetwork({ maxAttempts: 1 });
  const { server, source } = await open({ fault: () => ({ kind: "refuse" }) }, network);
  await expect(source.read(0, 8)).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
  server.plan(undefined);
  expectSame(await source.read(0, 8), 0, 8);
});

test("a read that another one cancels is not lost", async () => {
  const { source } = await open();
  const cancel = new AbortController();
  const first = source.read(0, 8, cancel.signal);
  const second = source.read(4, 8);
  cancel.abort();
  await expect(first).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  expectSame(await second, 4, 8);
});

test("a server that ignores ranges is put up with at the beginning of a file", async () => {
  const { source } = await open({ fault: () => ({ kind: "ignore-range" }) });
  expectSame(await source.read(2 * BLOCK, 8), 2 * BLOCK, 8);
});

test("reads past the end are refused", async () => {
  const { source, ranges } = await open();
  await expect(source.read(SIZE - 1, 2)).rejects.toMatchObject({ code: "CORE_READ_PAST_END" });
  expect(ranges()).toEqual([]);
});
