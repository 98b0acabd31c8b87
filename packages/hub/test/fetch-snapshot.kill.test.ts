import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import type { HubServer } from "../../../tools/hub-server/hub-server.ts";
import { fetchSnapshot } from "../src/fetch-snapshot.ts";
import { contentBytes, modelFiles, NEEDED, REPO, serve, settingsFor, sizeOf } from "./support/model-repo.ts";

const SHARD_BYTES = 1_500_000;
const FILES = modelFiles(SHARD_BYTES);
const KILLS = 6;
/** What was on its way when a process was killed, of two connections: in the buffers of sockets and streams. */
const IN_FLIGHT = 2 * 1024 * 1024;

function child(endpoint: string, cacheDir: string): ChildProcess {
  const script = join(import.meta.dirname, "support", "fetch-child.ts");
  return spawn(process.execPath, ["--conditions=pippin:source", script, endpoint, cacheDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function outputOf(process: ChildProcess): Promise<string> {
  let output = "";
  process.stdout!.on("data", (chunk) => {
    output += chunk;
  });
  await once(process, "exit");
  return output;
}

/** Slow enough to be killed in the middle: about a megabyte a second and connection. */
function slow(server: HubServer): void {
  server.plan(({ host }) =>
    host === "cdn" ? { kind: "trickle", bytesPerChunk: 16_384, pauseMs: 15 } : undefined,
  );
}

/** Resolves when the second host has sent so many bytes: moments of the work, whatever the machine's speed. */
async function sent(server: HubServer, bytes: number): Promise<void> {
  while (contentBytes(server) < bytes) await delay(1);
}

function keptBytes(cacheDir: string): number {
  const blobs = join(cacheDir, "models--org--tiny-model", "blobs");
  return readdirSync(blobs).reduce((sum, name) => sum + statSync(join(blobs, name)).size, 0);
}

function expectWhole(folder: string): void {
  for (const name of NEEDED) expect(readFileSync(join(folder, name)).equals(FILES[name]!), name).toBe(true);
}

test("a process killed at any moment leaves what the next one goes on from", async () => {
  const server = await serve({ repos: [{ id: REPO, files: FILES }] });
  slow(server);
  const settings = settingsFor(server);
  for (let kill = 0; kill < KILLS; kill++) {
    const process = child(server.endpoint, settings.cacheDir);
    const exited = once(process, "exit");
    await Promise.race([sent(server, contentBytes(server) + 1 + kill * 90_000), exited]);
    process.kill("SIGKILL");
    await exited;
  }
  server.plan(undefined);
  const kept = keptBytes(settings.cacheDir);
  const before = server.requests.length;
  const snapshot = await fetchSnapshot(REPO, settings);
  expectWhole(snapshot.path);
  expect(kept).toBeGreaterThan(0);
  expect(contentBytes(server, before)).toBe(sizeOf(FILES) - kept);
  expect(contentBytes(server)).toBeLessThanOrEqual(sizeOf(FILES) + KILLS * IN_FLIGHT);
  const blobs = join(settings.cacheDir, "models--org--tiny-model", "blobs");
  expect(readdirSync(blobs).filter((name) => name.endsWith(".incomplete"))).toEqual([]);
});

test("of two processes on one cache each file comes once", async () => {
  const server = await serve({ repos: [{ id: REPO, files: FILES }] });
  slow(server);
  const settings = settingsFor(server);
  const outputs = await Promise.all([1, 2].map(() => outputOf(child(server.endpoint, settings.cacheDir))));
  expect(outputs.join("")).toContain("HUB_WAITING");
  const fetched = outputs.map((output) => JSON.parse(output.trim().split("\n").at(-1)!).fetchedBytes);
  expect(fetched[0] + fetched[1]).toBe(sizeOf(FILES));
  expect(contentBytes(server)).toBe(sizeOf(FILES));
  expectWhole((await fetchSnapshot(REPO, { ...settings, offline: true })).path);
});

test("when one of two processes is killed, the other goes on from its bytes", async () => {
  const server = await serve({ repos: [{ id: REPO, files: FILES }] });
  slow(server);
  const settings = settingsFor(server);
  const first = child(server.endpoint, settings.cacheDir);
  const exited = once(first, "exit");
  await sent(server, 400_000);
  const second = outputOf(child(server.endpoint, settings.cacheDir));
  await sent(server, 1_200_000);
  first.kill("SIGKILL");
  await exited;
  const { fetchedBytes } = JSON.parse((await second).trim().split("\n").at(-1)!);
  expect(fetchedBytes).toBeLessThan(sizeOf(FILES) - 400_000);
  expectWhole((await fetchSnapshot(REPO, { ...settings, offline: true })).path);
});
