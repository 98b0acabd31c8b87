import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RuntimeManifest } from "@pippin/core";
import { expect, inject, test } from "vitest";
import { bytesFetched, licensedFiles, startHub } from "./support/hub.ts";
import { runInProcess } from "./support/in-process.ts";
import { PIP_CHAT } from "./support/run-cli.ts";
import { filesIn, tempFolder } from "./support/temp-folder.ts";

test("convert takes a repository, fetches it and records its commit", async () => {
  const { server, env } = await startHub();
  const out = join(tempFolder(), "out");

  const { status, stderr } = await runInProcess(["convert", "pip/pip-chat", "--out", out], { env });

  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const manifest = RuntimeManifest.parse(JSON.parse(readFileSync(join(out, "pippin-manifest.json"), "utf8")));
  expect(manifest.model).toMatchObject({
    source: "pip/pip-chat",
    revision: server.commits["pip/pip-chat"],
    license: "apache-2.0",
  });
  const weights = (folder: string) =>
    filesIn(join(folder, "pip-chat.mlpackage")).get("Data/com.apple.CoreML/weights/weight.bin");
  expect(weights(out)!.equals(weights(inject("converted"))!)).toBe(true);
});

test("verify takes a repository as the original", async () => {
  const { env } = await startHub();
  const args = [
    "verify",
    inject("converted"),
    "--against",
    "pip/pip-chat",
    "--windows",
    "0",
    "--prompts",
    "1",
  ];

  const { status, stdout } = await runInProcess(args, { env });

  expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining("greedy 32/32") });
});

test("inspect reads the headers of a repository, not its weights", async () => {
  const { server, env } = await startHub();

  const { status, stdout } = await runInProcess(["inspect", "pip/pip-chat", "--json"], { env });

  const local = JSON.parse((await runInProcess(["inspect", PIP_CHAT, "--json"])).stdout);
  const remote = JSON.parse(stdout);
  expect(status).toBe(0);
  expect(remote.sections).toEqual(local.sections);
  expect(bytesFetched(server)).toBeLessThan(200_000);
});

test("words alone are fetched for the tokenizer", async () => {
  const { server, env } = await startHub();
  const input = '{"text":"Hello","addSpecialTokens":false}\n';

  const remote = await runInProcess(["tokenizer", "encode", "pip/pip-chat"], { env, input });

  expect(remote).toEqual(await runInProcess(["tokenizer", "encode", PIP_CHAT], { input }));
  expect(server.requests.filter(({ file }) => file === "model.safetensors")).toEqual([]);
});

test("a folder wins over a repository of its name", async () => {
  const { server, env } = await startHub();
  const cwd = tempFolder();
  mkdirSync(join(cwd, "pip/pip-chat"), { recursive: true });

  const { stderr } = await runInProcess(["inspect", join(cwd, "pip/pip-chat")], { env, cwd });

  expect(stderr).toContain("[CHECKPOINT_NO_WEIGHTS]");
  expect(server.requests).toEqual([]);
});

test("what is neither a folder nor a repository says so", async () => {
  const { env } = await startHub();

  const { status, stderr } = await runInProcess(["inspect", "modles/pip-chat"], { env });

  expect(status).toBe(1);
  expect(stderr).toMatch(/^error: there is no folder modles\/pip-chat here, and .* \[CLI_MODEL_NOT_FOUND\]/);
});

test("offline, a model that was fetched is there and another one is missed plainly", async () => {
  const { server, env } = await startHub();
  await runInProcess(["fetch", "pip/pip-chat"], { env });
  await server.close();
  const offline = { ...env, HF_HUB_OFFLINE: "1" };

  const found = await runInProcess(["convert", "pip/pip-chat", "--dry-run"], { env: offline });
  const missed = await runInProcess(["convert", "pip/other", "--dry-run"], { env: offline });

  expect(found).toMatchObject({ status: 0, stderr: "" });
  expect(missed).toMatchObject({ status: 1, stderr: expect.stringContaining("[HUB_OFFLINE]") });
});

test("a Hub that does not answer is warned of once, and the cache serves", async () => {
  const { server, env } = await startHub();
  await runInProcess(["fetch", "pip/pip-chat"], { env });
  await server.close();

  const { status, stderr } = await runInProcess(
    ["convert", "pip/pip-chat", "--out", join(tempFolder(), "out")],
    { env },
  );

  expect(status).toBe(0);
  expect(stderr.match(/HUB_USED_CACHE/g)).toHaveLength(1);
});

test.each([
  ["a dry run", [], 0, ""],
  ["a folder that is taken", ["--out", "taken"], 1, "[CORE_OUTPUT_EXISTS]"],
  ["a context that the model does not have", ["--context", "99999", "--out", "out"], 1, "[COREML_"],
])("before weights are fetched: %s", async (_, flags, status, message) => {
  const { server, env } = await startHub();
  const cwd = tempFolder();
  mkdirSync(join(cwd, "taken/inside"), { recursive: true });
  const dry = flags.length === 0 ? ["--dry-run"] : [];
  const args = [
    "convert",
    "pip/pip-chat",
    ...dry,
    ...flags.map((word) => (word === "taken" || word === "out" ? join(cwd, word) : word)),
  ];

  const result = await runInProcess(args, { env, cwd });

  expect(result).toMatchObject({ status, stderr: expect.stringContaining(message) });
  expect(bytesFetched(server)).toBeLessThan(200_000);
});

test("a dry run of a repository says the same size as one of the folder", async () => {
  const { env } = await startHub();
  const bytes = async (model: string) =>
    JSON.parse((await runInProcess(["convert", model, "--dry-run", "--json"], { env })).stdout).manifest
      .stopTokens;

  expect(await bytes("pip/pip-chat")).toEqual(await bytes(PIP_CHAT));
});

test("one of several GGUF files is named behind its repository", async () => {
  const files = { "a-Q8_0.gguf": "GGUF", "b-Q4_0.gguf": "GGUF", "README.md": "---\nlicense: mit\n---\n" };
  const { server, env } = await startHub({ repos: [{ id: "pip/gguf", files }] });

  const unnamed = await runInProcess(["convert", "pip/gguf", "--out", join(tempFolder(), "out")], { env });
  const fetched = await runInProcess(["tokenizer", "encode", "pip/gguf/b-Q4_0.gguf"], { env, input: "{}\n" });

  expect(unnamed.stderr).toMatch(/\[(?:CHECKPOINT_AMBIGUOUS|HUB_NO_WEIGHTS)\]/);
  // The file that was named is fetched and opened, and is no GGUF.
  expect(fetched.stderr).toContain("b-Q4_0.gguf");
  expect(server.requests.some(({ file }) => file === "a-Q8_0.gguf")).toBe(false);
});

test("the address of a page is refused with what to give", async () => {
  const { status, stderr } = await runInProcess(["inspect", "https://huggingface.co/pip/pip-chat"]);

  expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining("ORG/NAME") });
});

const LICENSED = [{ id: "pip/licensed", files: licensedFiles("pip-community") }];
const deploy = (folder: string, ...rest: string[]) => [
  "deploy",
  "pip/licensed",
  "--out",
  join(folder, "pip"),
  ...rest,
];

test("an app with a model whose licence has terms waits for them to be accepted, before the work", async () => {
  const { server, env } = await startHub({ repos: LICENSED });
  const folder = tempFolder();

  const { status, stderr } = await runInProcess(deploy(folder), { env });

  expect(status).toBe(1);
  expect(stderr).toContain("[CLI_LICENSE_NOT_ACCEPTED]");
  expect(stderr).toContain(
    "Read the terms at https://example.org/terms; if you accept them, add --accept-license pip-community.",
  );
  expect([...filesIn(folder)]).toEqual([]);
  expect(bytesFetched(server)).toBeLessThan(200_000);
});

test.each([
  ["another licence named", ["--accept-license", "mit"], 1],
  ["no app wanted", ["--no-app"], 0],
  ["the licence named", ["--accept-license", "pip-community"], 0],
])("with %s deploy ends as it should", async (_, flags, status) => {
  const { env } = await startHub({ repos: LICENSED });

  expect(await runInProcess(deploy(tempFolder(), ...flags), { env })).toMatchObject({ status });
});

test("on a terminal the terms are shown and asked for", async () => {
  const { env } = await startHub({ repos: LICENSED });
  const folder = tempFolder();

  const no = await runInProcess(deploy(folder), { env, tty: true, input: "\n" });
  expect(no.status).toBe(1);
  expect(no.stdout).toContain("is under pip-community: https://example.org/terms");

  const yes = await runInProcess(deploy(folder), { env, tty: true, input: "y\n" });
  expect(yes.status).toBe(0);
});

test.each([
  ["Ctrl-D", "\u0004", 1, "CLI_LICENSE_NOT_ACCEPTED"],
  ["Ctrl-C", "\u0003", 130, "CORE_CANCELLED"],
])("%s at that question ends it in good order", async (_, input, status, code) => {
  const { env } = await startHub({ repos: LICENSED });

  const ended = await runInProcess(deploy(tempFolder()), { env, tty: true, input });

  expect(ended).toMatchObject({ status, stderr: expect.stringContaining(`[${code}]`) });
});

test("a licence's name that a shell would read is quoted where it is to be pasted", async () => {
  const { env } = await startHub({
    repos: [{ id: "pip/licensed", files: licensedFiles("pip; echo $HOME") }],
  });

  const { stderr } = await runInProcess(deploy(tempFolder()), { env });

  expect(stderr).toContain("add --accept-license 'pip; echo $HOME'.");
});

test("a package remembers the licence for the app that is made later", async () => {
  const { env } = await startHub({ repos: LICENSED });
  const folder = tempFolder();
  await runInProcess(["convert", "pip/licensed", "--out", join(folder, "pip")], { env });
  const swift = ["swift", join(folder, "pip"), "--out", join(folder, "app")];

  expect(await runInProcess(swift)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("[CLI_LICENSE_NOT_ACCEPTED]"),
  });
  const accepted = await runInProcess([...swift, "--accept-license", "pip-community"]);
  expect(accepted).toMatchObject({ status: 0, stderr: "" });
});

test("a repository without weights says so", async () => {
  const { env } = await startHub({ repos: [{ id: "pip/none", files: { "README.md": "# none" } }] });

  const { status, stderr } = await runInProcess(["convert", "pip/none", "--out", join(tempFolder(), "out")], {
    env,
  });

  expect({ status, stderr }).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("[CHECKPOINT_NO_WEIGHTS]"),
  });
});
