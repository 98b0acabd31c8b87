import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { sha256 } from "../../../../tools/hub-server/hub-server.ts";
import { fetchSnapshot } from "../../src/fetch-snapshot.ts";
import { modelFiles, REPO, serve, settingsFor } from "../support/model-repo.ts";

const ETAG = sha256(modelFiles()["model-00001-of-00002.safetensors"]!);

/** A whole snapshot, with an unfinished part of a run that was killed before somebody else brought the file. */
async function withLeftover() {
  const server = await serve();
  const settings = settingsFor(server);
  await fetchSnapshot(REPO, settings);
  const leftover = join(
    settings.cacheDir,
    "models--org--tiny-model/blobs",
    `${ETAG}.0123456789ab.pippin.incomplete`,
  );
  writeFileSync(leftover, "part");
  return { settings, leftover };
}

test("the unfinished part of a file that is there is removed, and nothing is fetched", async () => {
  const { settings, leftover } = await withLeftover();
  expect((await fetchSnapshot(REPO, settings)).fetchedBytes).toBe(0);
  expect(existsSync(leftover)).toBe(false);
});

test("it stays while another process is at work on the file, which is not waited for", async () => {
  const { settings, leftover } = await withLeftover();
  const lock = join(settings.cacheDir, ".locks/models--org--tiny-model", `${ETAG}.pippin-lock`);
  mkdirSync(dirname(lock), { recursive: true });
  writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname(), token: "0123456789ab" }));
  expect((await fetchSnapshot(REPO, settings)).fetchedBytes).toBe(0);
  expect(existsSync(leftover)).toBe(true);
});
