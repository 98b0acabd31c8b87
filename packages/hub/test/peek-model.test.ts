import { readdirSync } from "node:fs";
import type { Warning } from "@pippin/core";
import { expect, test } from "vitest";
import { fetchSnapshot } from "../src/fetch-snapshot.ts";
import { peekModel } from "../src/peek-model.ts";
import { contentBytes, modelFiles, noise, REPO, serve, settingsFor } from "./support/model-repo.ts";
import { quickNetwork } from "./support/quick-network.ts";

const SHARDS = [1, 2, 3].map((n) => `model-0000${n}-of-00003.safetensors`);
const HEADER_BYTES = 20_000;

/** Three shards of 4 MB with headers of 20 kB, as a model of some billion parameters has them. */
function largeModel(): Record<string, Uint8Array> {
  const shard = (seed: number) => {
    const bytes = noise(4_000_000, seed);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(HEADER_BYTES), true);
    return bytes;
  };
  const config = Buffer.from(JSON.stringify({ model_type: "llama" }));
  return { "config.json": config, ...Object.fromEntries(SHARDS.map((name, n) => [name, shard(n)])) };
}

test("config and headers of three shards cost some hundred kilobytes and few requests", async () => {
  const files = largeModel();
  const server = await serve({ repos: [{ id: REPO, files, gated: false }] });
  const settings = settingsFor(server);
  const model = await peekModel(REPO, settings);
  expect(model).toMatchObject({ repo: REPO, revision: server.commits[REPO], gated: false });
  expect(await model.list()).toEqual(["config.json", ...SHARDS]);
  const before = server.requests.length;
  for (const path of await model.list()) {
    const source = await model.open(path);
    expect(source.byteLength).toBe(files[path]!.length);
    if (path === "config.json")
      expect(await source.read(0, source.byteLength)).toEqual(Buffer.from(files[path]!));
    else {
      const length = new DataView((await source.read(0, 8)).buffer).getBigUint64(0, true);
      expect(length).toBe(BigInt(HEADER_BYTES));
      expect(
        Buffer.from(await source.read(8, HEADER_BYTES)).equals(files[path]!.subarray(8, 8 + HEADER_BYTES)),
      ).toBe(true);
    }
    await source.close();
  }
  // One for the config; for each shard one to the Hub and one to its storage.
  expect(server.requests.length - before).toBe(7);
  expect(model.transferredBytes).toBeGreaterThan(3 * 65_536);
  expect(model.transferredBytes).toBeLessThan(210_000);
  expect(readdirSync(settings.cacheDir)).toEqual([]);
});

test("what the cache has is read there", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  await fetchSnapshot(REPO, settings);
  const before = server.requests.length;
  const model = await peekModel(REPO, settings);
  const source = await model.open("model-00001-of-00002.safetensors");
  expect(await source.read(5, 3)).toEqual(
    new Uint8Array(modelFiles()["model-00001-of-00002.safetensors"]!.subarray(5, 8)),
  );
  await source.close();
  expect(contentBytes(server, before)).toBe(0);
});

test("offline, what the cache has can be read, and the rest is named", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  const snapshot = await fetchSnapshot(REPO, settings);
  const network = quickNetwork({ fetch: () => Promise.reject(new Error("nothing may be fetched")) });
  const model = await peekModel(REPO, { ...settings, network, offline: true });
  expect(model).toMatchObject({
    revision: snapshot.revision,
    license: { id: "apache-2.0" },
    transferredBytes: 0,
  });
  await (await model.open("config.json")).close();
  await expect(model.open("model.gguf")).rejects.toMatchObject({ code: "HUB_OFFLINE" });
  await expect(peekModel("org/other", { ...settings, offline: true })).rejects.toMatchObject({
    code: "HUB_OFFLINE",
  });
});

test("a name that is not listed is not there", async () => {
  const server = await serve();
  const model = await peekModel(REPO, settingsFor(server));
  await expect(model.open("../config.json")).rejects.toMatchObject({ code: "CORE_FILE_UNREADABLE" });
});

test("a gated model shows its listing, and says where to go for its files", async () => {
  const server = await serve({ repos: [{ id: REPO, files: modelFiles(), gated: "auto" }] });
  const model = await peekModel(REPO, settingsFor(server));
  expect(model.gated).toBe(true);
  await expect(model.open("config.json")).rejects.toMatchObject({ code: "HUB_GATED" });
});

test("a small file with wrong content is read again", async () => {
  let wrong = 0;
  const server = await serve({
    fault: ({ file }) => (file === "config.json" && wrong++ === 0 ? { kind: "wrong-bytes" } : undefined),
  });
  const model = await peekModel(REPO, settingsFor(server));
  const source = await model.open("config.json");
  expect(Buffer.from(await source.read(0, source.byteLength)).equals(modelFiles()["config.json"]!)).toBe(
    true,
  );
});

test("with the Hub down what the cache has is read, with a warning", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  const { revision } = await fetchSnapshot(REPO, settings);
  await server.close();
  const warnings: Warning[] = [];
  const model = await peekModel(REPO, settings, { warn: (warning) => void warnings.push(warning) });
  expect(model.revision).toBe(revision);
  expect(warnings).toMatchObject([
    {
      code: "HUB_USED_CACHE",
      message: expect.stringContaining(
        `what the cache has of ${REPO} was taken, at commit ${revision.slice(0, 12)}`,
      ),
      hint: expect.stringMatching(/^It may be older than what the Hub has\. Check the network\./),
    },
  ]);
});

test("offline there is no warning: the cache is what was asked for", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  await fetchSnapshot(REPO, settings);
  const warnings: Warning[] = [];
  await peekModel(REPO, { ...settings, offline: true }, { warn: (warning) => void warnings.push(warning) });
  expect(warnings).toEqual([]);
});
