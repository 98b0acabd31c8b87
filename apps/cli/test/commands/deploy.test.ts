import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PIP_CHAT, runCli } from "../support/run-cli.ts";
import { writeSyntheticModel } from "../support/synthetic-model.ts";
import { tempFolder } from "../support/temp-folder.ts";

test("a model is converted, verified and asked", async () => {
  const cwd = tempFolder();
  const args = ["deploy", PIP_CHAT, "--out", "out", "--ask", "What is the capital of France?"];
  const { status, stdout, stderr } = await runCli(args, { cwd });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(
    /^package {2}out.pip-chat\.mlpackage {2}3\.77 MB in (\d+ ms|\d+\.\d s)\nparity {3}agrees with /,
  );
  expect(stdout).toMatch(
    /\nyou {6}What is .*\nmodel {4}The capital of France is Paris\. {2}\(\d+ tokens\/s here\)\n/,
  );
  expect(stdout).toMatch(/\nnext: npx pippin chat out\n {6}npx pippin inspect out\n$/);
  expect(existsSync(join(cwd, "out/pip-chat.mlpackage/Manifest.json"))).toBe(true);
});

test("--json is one document", async () => {
  const cwd = tempFolder();
  const { status, stdout, stderr } = await runCli(["deploy", PIP_CHAT, "--json"], { cwd });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({
    artifacts: [{ kind: "coreml", path: join("build/pip-chat", "pip-chat.mlpackage") }],
    parity: { passed: true },
    answer: { ask: "What can you do?", finish: "stop", text: expect.stringContaining("I can") },
    warnings: [],
  });
});

test("weights without a tokenizer are converted and verified, and nobody is asked", async () => {
  const cwd = tempFolder();
  writeSyntheticModel(join(cwd, "tiny"), { layers: 1, hidden: 64, vocab: 32, fill: "noise" });
  const { stdout } = await runCli(["deploy", "tiny", "--out", "out", "--json"], { cwd });
  expect(JSON.parse(stdout)).toMatchObject({ artifacts: [{ kind: "coreml" }], answer: null });
  const plain = await runCli(["deploy", "tiny", "--out", "out", "--force"], { cwd });
  expect(plain.stdout).toMatch(/\nnext: npx pippin inspect out\n$/);
});

test("--dry-run writes nothing", async () => {
  const cwd = tempFolder();
  const { status, stdout } = await runCli(["deploy", PIP_CHAT, "--dry-run"], { cwd });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^would write build\/pip-chat: 3\.7\d MB /);
  expect(readdirSync(cwd)).toEqual([]);
});
