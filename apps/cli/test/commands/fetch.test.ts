import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bytesFetched, pipFiles, startHub } from "../support/hub.ts";
import { runInProcess } from "../support/in-process.ts";
import { startCli } from "../support/run-cli.ts";
import { filesIn, tempFolder } from "../support/temp-folder.ts";

test("fetch puts what a conversion needs into the cache and says what comes next", async () => {
  const { server, env, cache } = await startHub();

  const { status, stdout, stderr } = await runInProcess(["fetch", "pip/pip-chat"], { env });

  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const folder = join(cache, "models--pip--pip-chat", "snapshots", server.commits["pip/pip-chat"]!);
  expect(stdout.split("\n")[0]).toMatch(new RegExp(`^${folder}  [\\d.]+ MB in 7 files$`));
  expect(stdout).toContain("licence: apache-2.0");
  expect(stdout).toContain("next: npx pippin convert pip/pip-chat\n");
  for (const [name, bytes] of Object.entries(pipFiles())) {
    expect(readFileSync(join(folder, name)).equals(bytes), name).toBe(true);
  }
});

test("a second fetch takes nothing from the network but the names", async () => {
  const { server, env } = await startHub();
  await runInProcess(["fetch", "pip/pip-chat"], { env });
  const before = bytesFetched(server);

  const { stdout } = await runInProcess(["fetch", "pip/pip-chat", "--json"], { env });

  expect(JSON.parse(stdout)).toMatchObject({
    repo: "pip/pip-chat",
    revision: server.commits["pip/pip-chat"],
    requested: "main",
    fetchedBytes: 0,
    license: { id: "apache-2.0" },
    warnings: [],
  });
  expect(bytesFetched(server)).toBe(before);
});

test("a dry run lists sizes and writes nothing", async () => {
  const { env, cache } = await startHub();

  const { status, stdout } = await runInProcess(["fetch", "pip/pip-chat", "--dry-run"], { env });

  expect(status).toBe(0);
  expect(stdout).toMatch(/^would fetch pip\/pip-chat at [0-9a-f]{40}: ([\d.]+ MB) of \1\n/);
  expect(stdout).toMatch(/ {2}model\.safetensors\s+[\d.]+ MB/);
  expect(existsSync(cache)).toBe(false);
});

test("--local-dir holds plain files, and --exclude leaves some out", async () => {
  const { env } = await startHub();
  const folder = join(tempFolder(), "pip");

  await runInProcess(["fetch", "pip/pip-chat", "--local-dir", folder, "--exclude", "README*"], { env });

  const names = [...filesIn(folder).keys()].filter((name) => !name.startsWith(".cache"));
  expect(names.sort()).toEqual(
    Object.keys(pipFiles())
      .filter((name) => name !== "README.md")
      .sort(),
  );
});

test.each([
  [["fetch", "a/b/c"], 2, "CLI_USAGE"],
  [["fetch", "pip"], 1, "HUB_REPO_NOT_FOUND"],
  [["fetch", "pip/pip-chat@main", "--revision", "dev"], 2, "CLI_USAGE"],
  [["fetch", "nobody/nothing"], 1, "HUB_REPO_NOT_FOUND"],
  [["fetch", "pip/pip-chat@absent"], 1, "HUB_REVISION_NOT_FOUND"],
  [["fetch", "pip/gated"], 1, "HUB_GATED"],
  [["cache", "rm", "pip/pip/chat"], 2, "CLI_USAGE"],
  [["cache", "rm", "gpt2"], 1, "HUB_NOT_CACHED"],
])("%j ends with %i and %s", async (args, status, code) => {
  const repos = ["pip/pip-chat", "pip/gated"].map((id) => ({
    ...{ id, files: pipFiles() },
    gated: id === "pip/gated" ? ("manual" as const) : (false as const),
  }));
  const { env } = await startHub({ repos });

  const result = await runInProcess([...args], { env });

  expect(result).toMatchObject({ status, stdout: "", stderr: expect.stringContaining(`[${code}]`) });
});

test("the token goes to the Hub alone and is printed nowhere", async () => {
  const token = "hf_secretsecretsecret";
  const repos = [{ id: "pip/gated", files: pipFiles(), gated: "manual" as const }];
  const { server, env, cache } = await startHub({ repos, tokens: [token] });

  const { status, stdout, stderr } = await runInProcess(["fetch", "pip/gated", "--json"], {
    env: { ...env, HF_TOKEN: token },
  });

  expect(status).toBe(0);
  expect(stdout + stderr).not.toContain(token);
  expect([...filesIn(cache).values()].some((bytes) => bytes.includes(token))).toBe(false);
  const sent = server.requests.filter(({ authorization }) => authorization !== undefined);
  expect(new Set(sent.map(({ host }) => host))).toEqual(new Set(["hub"]));
});

test("Ctrl-C in the middle leaves what was fetched, and the next run goes on from there", async () => {
  const { server, env } = await startHub();
  const weights = pipFiles()["model.safetensors"]!.length;
  server.plan(({ file }) =>
    file === "model.safetensors"
      ? { kind: "trickle", bytesPerChunk: Math.ceil(weights / 40), pauseMs: 50 }
      : undefined,
  );
  const { child, result } = startCli(["fetch", "pip/pip-chat"], { env });
  await waitFor(() => bytesFetched(server) > weights / 4);
  child.kill("SIGINT");
  const { status, stderr } = await result;
  expect({ status, code: /\[(\w+)\]/.exec(stderr)?.[1] }).toEqual({ status: 130, code: "CORE_CANCELLED" });

  server.plan(undefined);
  const again = await runInProcess(["fetch", "pip/pip-chat", "--json"], { env });

  expect(again.status).toBe(0);
  expect(JSON.parse(again.stdout).reusedBytes).toBeGreaterThan(weights / 8);
});

test("cache ls lists what was fetched and cache rm removes it", async () => {
  const { server, env, cache } = await startHub();
  await runInProcess(["fetch", "pip/pip-chat"], { env });

  const listed = await runInProcess(["cache", "ls"], { env });
  expect(listed.stdout).toMatch(/^pip\/pip-chat +[\d.]+ MB\n {2}[0-9a-f]{12} main +[\d.]+ MB +7 files, /);

  const dry = await runInProcess(["cache", "rm", "pip/pip-chat", "--dry-run"], { env });
  expect(dry.stdout).toMatch(/^would remove 1 revision of pip\/pip-chat, [\d.]+ MB\n$/);
  expect(existsSync(join(cache, "models--pip--pip-chat"))).toBe(true);

  const removed = await runInProcess(["cache", "rm", "pip/pip-chat", "--json"], { env });
  expect(JSON.parse(removed.stdout)).toMatchObject({ revisions: [server.commits["pip/pip-chat"]] });
  expect((await runInProcess(["cache", "ls"], { env })).stdout).toBe("the cache holds no models\n");
});

test("cache lists and removes what others left there, also a model without an organization", async () => {
  const { env, cache } = await startHub();
  const snapshot = join(cache, "models--gpt2", "snapshots", "\u001b[2J");
  mkdirSync(snapshot, { recursive: true });
  writeFileSync(join(snapshot, "config.json"), "{}");

  const { stdout } = await runInProcess(["cache", "ls"], { env });
  expect(stdout).toMatch(/^gpt2 +2 B\n {2}\\x1b\[2J +2 B +1 file, /);

  expect(await runInProcess(["cache", "rm", "gpt2"], { env })).toMatchObject({ status: 0, stderr: "" });
  expect(existsSync(join(cache, "models--gpt2"))).toBe(false);
});

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((done) => setTimeout(done, 10));
}
