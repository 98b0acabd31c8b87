import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Artifact, RuntimeManifest } from "@pippin/core";
import { expect, inject, test } from "vitest";
import { runInProcess } from "../support/in-process.ts";
import { PIP_CHAT, runCli } from "../support/run-cli.ts";
import { writeSyntheticModel } from "../support/synthetic-model.ts";
import { filesIn, tempFolder } from "../support/temp-folder.ts";

const converted = inject("converted");

test("--json prints one document with the artifacts, whose files are there with their sizes", async () => {
  const cwd = tempFolder();
  const { status, stdout, stderr } = await runCli(["convert", PIP_CHAT, "--out", "out", "--json"], { cwd });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const { artifacts, warnings } = JSON.parse(stdout);
  expect(warnings).toEqual([]);
  expect(artifacts).toHaveLength(1);
  const artifact = Artifact.parse(artifacts[0]);
  expect(artifact).toMatchObject({ kind: "coreml", path: join("out", "pip-chat.mlpackage") });
  const found = filesIn(join(cwd, artifact.path));
  expect(artifact.files.map(({ path, size }) => [path, size]).sort()).toEqual(
    [...found].map(([path, bytes]) => [path, bytes.length]),
  );
});

test("the folder holds the package, the tokenizer and a manifest that parses", async () => {
  expect(readdirSync(converted).sort()).toEqual([
    "generation_config.json",
    "pip-chat.mlpackage",
    "pippin-manifest.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  const manifest = RuntimeManifest.parse(
    JSON.parse(readFileSync(join(converted, "pippin-manifest.json"), "utf8")),
  );
  expect(manifest).toMatchObject({ backend: "coreml", packages: ["pip-chat.mlpackage"], contextLength: 512 });
  expect(manifest.files?.map(({ path }) => path)).toContain("pip-chat.mlpackage/Manifest.json");
});

test("people read the place, the size, the choices and what comes next", async () => {
  const cwd = tempFolder();
  symlinkSync(PIP_CHAT, join(cwd, "pip"));
  const { status, stdout } = await runCli(["convert", "pip", "--out", "my out"], { cwd });
  expect(status).toBe(0);
  expect(stdout.replace(/\d+ ms|\d+\.\d s/, "N s").split("\n")).toEqual([
    `${join("my out", "pip.mlpackage")}  3.77 MB  N s`,
    "program stateful, target ios18, functions decode, prefill, context 512, prefill 64, weights fp16",
    "next: npx pippin verify 'my out' --against pip",
    "",
  ]);
});

test("converting twice gives equal bytes", async () => {
  const cwd = tempFolder();
  const { status } = await runCli(["convert", PIP_CHAT, "--out", "again"], { cwd });
  expect(status).toBe(0);
  expect(filesIn(join(cwd, "again"))).toEqual(filesIn(converted));
});

test("a path in front of a model's name does not change the bytes", async () => {
  const cwd = tempFolder();
  mkdirSync(join(cwd, "deep/down"), { recursive: true });
  cpSync(PIP_CHAT, join(cwd, "deep/down/pip-chat"), { recursive: true });
  await runCli(["convert", "deep/down/pip-chat", "--out", "out"], { cwd });
  expect(filesIn(join(cwd, "out"))).toEqual(filesIn(converted));
});

test("without --out the folder is build/ and the model's name", async () => {
  const cwd = tempFolder();
  const { stdout } = await runCli(["convert", PIP_CHAT], { cwd });
  expect(stdout).toContain("next: npx pippin verify build/pip-chat --against");
  expect(existsSync(join(cwd, "build/pip-chat/pip-chat.mlpackage/Manifest.json"))).toBe(true);
});

test.each([[[]], [["--force"]]])(
  "--dry-run %j says what would be written and writes nothing",
  async (more) => {
    const cwd = tempFolder();
    const args = ["convert", PIP_CHAT, "--program", "stateless", "--out", "out", "--dry-run", ...more];
    const plain = await runCli(args, { cwd });
    expect(plain).toMatchObject({ status: 0, stderr: "" });
    expect(plain.stdout).toMatch(/^would write out: 3\.\d+ MB \(program stateless, target ios17, .*\)\n$/);
    const { dryRun, out, bytes, manifest } = JSON.parse((await runCli([...args, "--json"], { cwd })).stdout);
    expect({ dryRun, out }).toEqual({ dryRun: true, out: "out" });
    expect(RuntimeManifest.parse(manifest).program).toBe("stateless");
    expect(readdirSync(cwd)).toEqual([]);
    const { stdout } = await runCli([...args.filter((word) => word !== "--dry-run"), "--json"], { cwd });
    const files: { size: number }[] = JSON.parse(stdout).artifacts[0].files;
    const weights = files.reduce((sum, { size }) => sum + size, 0);
    expect(Math.abs(bytes - weights)).toBeLessThan(1000);
  },
);

test("a folder that is not empty needs --force, and nothing in it changes without", async () => {
  const cwd = tempFolder();
  mkdirSync(join(cwd, "out"));
  writeFileSync(join(cwd, "out/notes.txt"), "mine");
  const { status, stderr } = await runCli(["convert", PIP_CHAT, "--out", "out"], { cwd });
  expect(status).toBe(1);
  expect(stderr).toContain("[CORE_OUTPUT_EXISTS]\nhint:  Give --force");
  expect([...filesIn(cwd).keys()]).toEqual(["out/notes.txt"]);
});

test("--force removes what an earlier run wrote and keeps everybody else's files", async () => {
  const cwd = tempFolder();
  cpSync(converted, join(cwd, "out"), { recursive: true });
  mkdirSync(join(cwd, "out/mine"));
  writeFileSync(join(cwd, "out/mine/notes.txt"), "mine");
  writeSyntheticModel(join(cwd, "tiny"), { layers: 1, hidden: 64, vocab: 32, fill: "zeros" });
  const { status } = await runCli(["convert", "tiny", "--out", "out", "--force"], { cwd });
  expect(status).toBe(0);
  expect(readdirSync(join(cwd, "out")).sort()).toEqual(["mine", "pippin-manifest.json", "tiny.mlpackage"]);
  expect(readFileSync(join(cwd, "out/mine/notes.txt"), "utf8")).toBe("mine");
  expect(readdirSync(cwd).sort()).toEqual(["out", "tiny"]);
});

test.each([
  ["in the header", 1000],
  ["in the weights", 2_000_000],
])("a safetensors that is cut off %s is refused before anything is written", async (_, length) => {
  const cwd = tempFolder();
  cpSync(PIP_CHAT, join(cwd, "pip"), { recursive: true });
  const whole = readFileSync(join(PIP_CHAT, "model.safetensors"));
  writeFileSync(join(cwd, "pip/model.safetensors"), whole.subarray(0, length));
  const { status, stdout, stderr } = await runCli(["convert", "pip", "--out", "out"], { cwd });
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/^error: .*model\.safetensors.*\[(CHECKPOINT|CORE)_[A-Z_]+\]\nhint: /);
  expect(readdirSync(cwd)).toEqual(["pip"]);
});

test("no secret of the environment and no path of this machine gets into files or output", async () => {
  const cwd = tempFolder();
  const secret = "hf_ThisIsASecretOfTheEnvironment";
  const env = { HF_TOKEN: secret, HUGGING_FACE_HUB_TOKEN: secret };
  cpSync(PIP_CHAT, join(cwd, "pip-chat"), { recursive: true });
  const args = ["convert", join(cwd, "pip-chat"), "--out", "out", "--json"];
  const { stdout, stderr } = await runCli(args, { cwd, env });
  expect(stdout + stderr).not.toContain(secret);
  expect(stdout).not.toContain(cwd);
  for (const [name, bytes] of filesIn(join(cwd, "out"))) {
    for (const text of [secret, cwd, process.env.HOME || "no home"])
      expect(bytes.includes(text), name).toBe(false);
  }
});

test.each(["--python", "--route", "--engine-timeout"])(
  "%s without its engine is wrong usage",
  async (flag) => {
    const value = flag === "--route" ? "own" : "5";
    const { status, stderr } = await runInProcess(["convert", PIP_CHAT, flag, value, "--dry-run"]);
    expect({ status, stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("--engine coremltools"),
    });
  },
);
