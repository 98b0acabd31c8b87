import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Artifact, RuntimeManifest } from "@pippin/core";
import { expect, inject, test } from "vitest";
import { runInProcess } from "./support/in-process.ts";
import { PIP_CHAT, runCli } from "./support/run-cli.ts";
import { filesIn, tempFolder } from "./support/temp-folder.ts";

/** Its pippin.json names the backend by path, beside @pippin/coreml. */
const cwd = join(import.meta.dirname, "fixtures/raw-backend");

async function convertRaw(): Promise<string> {
  const out = join(tempFolder(), "out");
  const result = await runCli(["convert", PIP_CHAT, "--backend", "raw", "--out", out, "--json"], { cwd });
  expect(result).toMatchObject({ status: 0, stderr: "" });
  const artifact = Artifact.parse(JSON.parse(result.stdout).artifacts[0]);
  expect(artifact.path).toBe(join(out, "pip-chat.raw"));
  const sizes = artifact.files.map(({ path, size }) => [path, size]);
  const found = [...filesIn(artifact.path)].map(([path, bytes]) => [path, bytes.length]);
  expect(sizes.sort()).toEqual(found.sort());
  return out;
}

test("a stranger's backend converts, and its package is inspected, verified and asked", async () => {
  const out = await convertRaw();
  const names = [...filesIn(out).keys()];
  expect(names).toEqual(expect.arrayContaining(["tokenizer.json", "pip-chat.raw/embedding.weight.f32"]));
  const manifest = JSON.parse(String(filesIn(out).get("pippin-manifest.json")));
  expect(RuntimeManifest.parse(manifest)).toMatchObject({ backend: "raw", packages: ["pip-chat.raw"] });

  const inspected = await runCli(["inspect", out, "--json"], { cwd });
  expect(JSON.parse(inspected.stdout)).toMatchObject({ kind: "raw", facts: { family: "llama" } });

  const verified = await runCli(["verify", out, "--against", PIP_CHAT, "--windows", "2"], { cwd });
  expect(verified).toMatchObject({ status: 0, stdout: expect.stringContaining("greedy 96/96") });

  const prompt = ["--prompt", "What is the capital of France?"];
  const asked = await runCli(["generate", join(out, "pip-chat.raw"), ...prompt], { cwd });
  expect(asked).toMatchObject({ status: 0, stdout: "The capital of France is Paris.\n" });

  const chat = await runCli(["chat", out], { cwd, input: "How many legs does a spider have?\n" });
  expect(chat).toMatchObject({ status: 0, stdout: "A spider has 8 legs.\n" });
});

test("its plan knows its size to the byte", async () => {
  const out = await convertRaw();
  const args = ["convert", PIP_CHAT, "--backend", "raw", "--dry-run", "--json"];
  const { bytes } = JSON.parse((await runCli(args, { cwd })).stdout);
  const written = [...filesIn(join(out, "pip-chat.raw")).values()].reduce(
    (sum, file) => sum + file.length,
    0,
  );
  expect(bytes).toBe(written);
});

test("its options become flags, and Core ML beside it works as ever", async () => {
  const help = await runInProcess(["convert", "--backend", "raw", "--help"], { cwd });
  expect(help.stdout).toContain("--context <n>");
  expect(help.stdout).not.toContain("--prefill");
  expect(help.stdout).toMatch(/coreml \(.*\), raw\s+\(each weight as an F32 file\)/s);
  const { status } = await runCli(["inspect", inject("converted")], { cwd });
  expect(status).toBe(0);
});

test("a package whose backend is not named is not recognized", async () => {
  const out = await convertRaw();
  const { status, stderr } = await runCli(["generate", out, "--prompt", "Hello"], { cwd: tempFolder() });
  expect(status).toBe(1);
  expect(stderr).toContain("[CLI_NOT_A_PACKAGE]");
});

test.each([
  ["no JSON", "{", "CLI_CONFIG_INVALID"],
  ["a key that it does not have", '{"backed": "x"}', "CLI_CONFIG_INVALID"],
  ["a file that is not there", '{"backends": ["./nowhere.js"]}', "CLI_BACKEND_UNUSABLE"],
  ["a package that is not installed", '{"backends": ["nowhere"]}', "CLI_BACKEND_UNUSABLE"],
  ["a module without a backend", '{"backends": ["./empty.js"]}', "CLI_BACKEND_UNUSABLE"],
])("pippin.json with %s is explained", async (_, config, code) => {
  const folder = tempFolder();
  writeFileSync(join(folder, "pippin.json"), config);
  writeFileSync(join(folder, "empty.js"), "export const other = 1;");
  const { status, stderr } = await runInProcess(["convert", PIP_CHAT, "--dry-run"], { cwd: folder });
  expect(status).toBe(1);
  expect(stderr).toMatch(new RegExp(`^error: [^\\n]+ \\[${code}\\]\\nhint:  [^\\n]+\\n$`));
});

test("a pippin.json in the model's folder is not read: it names code", async () => {
  const model = join(tempFolder(), "model");
  cpSync(PIP_CHAT, model, { recursive: true });
  writeFileSync(join(model, "pippin.json"), '{"backends": ["./evil.js"]}');
  writeFileSync(join(model, "evil.js"), "throw new Error('it ran');");
  const { status, stderr } = await runCli(["convert", model, "--dry-run"], { cwd: tempFolder() });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("a package that its backend cannot execute is verified by its tensors", async () => {
  const out = await convertRaw();
  const folder = tempFolder();
  const module = JSON.stringify(join(cwd, "raw-backend.js"));
  const without = `import { backend as raw } from ${module};
export const backend = { ...raw, open: async (path) => ({ ...(await raw.open(path)), runner: undefined }) };`;
  writeFileSync(join(folder, "mute.js"), without);
  writeFileSync(join(folder, "pippin.json"), JSON.stringify({ backends: ["./mute.js"] }));
  const args = [
    "verify",
    out,
    "--against",
    PIP_CHAT,
    "--windows",
    "2",
    "--fail-if",
    "layer-error > 1e-5",
    "--json",
  ];
  const { status, stdout } = await runCli(args, { cwd: folder });
  expect(status).toBe(0);
  const { text, greedy } = JSON.parse(stdout);
  expect(greedy).toMatchObject({ tokens: 96, equal: 96 });
  expect(text.layers.layers[0]).toMatchObject({ layer: 0, range: null });
});
