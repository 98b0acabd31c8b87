import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fetchSnapshot } from "../src/fetch-snapshot.ts";
import { planSnapshot } from "../src/plan-snapshot.ts";
import { modelFiles, NEEDED, REPO, serve, settingsFor, sizeOf } from "./support/model-repo.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const FILES = modelFiles();

test("a plan names the files and bytes that would come, and writes nothing", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  const plan = await planSnapshot(REPO, settings);
  expect(plan).toMatchObject({
    repo: REPO,
    revision: server.commits[REPO],
    missingBytes: sizeOf(FILES),
    totalBytes: sizeOf(FILES),
    license: { id: "apache-2.0" },
  });
  expect(plan.files.map(({ path, present }) => [path, present])).toEqual(NEEDED.map((name) => [name, false]));
  expect(readdirSync(settings.cacheDir)).toEqual([]);
});

test("a plan counts what is there", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  await fetchSnapshot(REPO, { ...settings, exclude: ["*-00002-*"] });
  const plan = await planSnapshot(REPO, settings);
  expect(plan.missingBytes).toBe(200_000);
  expect(plan.files.filter(({ present }) => !present).map(({ path }) => path)).toEqual([
    "model-00002-of-00002.safetensors",
  ]);
  await fetchSnapshot(REPO, settings);
  expect(await planSnapshot(REPO, { ...settings, offline: true })).toMatchObject({ missingBytes: 0 });
});

test("a plan for a folder does not make it, and knows what the cache can give", async () => {
  const server = await serve();
  const settings = settingsFor(server);
  await fetchSnapshot(REPO, settings);
  const localDir = join(temporaryFolder(), "model");
  const plan = await planSnapshot(REPO, { ...settings, localDir });
  expect(plan.missingBytes).toBe(0);
  expect(plan.files.some(({ present }) => present)).toBe(false);
  expect(() => readdirSync(localDir)).toThrow("ENOENT");
});

test("a plan passes on what the Hub says", async () => {
  const server = await serve();
  await expect(planSnapshot("org/none", settingsFor(server))).rejects.toMatchObject({
    code: "HUB_REPO_NOT_FOUND",
  });
});
