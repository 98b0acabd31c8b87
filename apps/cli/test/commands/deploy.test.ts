import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
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
  expect(stdout).toMatch(/\napp {6}out-app.App.pip_chat\.xcodeproj {2}4\.\d+ MB\n/);
  expect(stdout).toMatch(/\nnext: npx pippin chat out\n {6}npx pippin inspect out\n$/);
  expect(existsSync(join(cwd, "out/pip-chat.mlpackage/Manifest.json"))).toBe(true);
  const model = "out-app/Sources/pip_chatKit/Model";
  expect(existsSync(join(cwd, model, "pip-chat.mlpackage/Manifest.json"))).toBe(true);
  const { cases } = JSON.parse(readFileSync(join(cwd, model, "selftest.json"), "utf8"));
  const capital = cases.find((one: { prompt: string }) => one.prompt.includes("capital of France"));
  expect(capital.greedy.length).toBeGreaterThan(3);
});

test("--json is one document", async () => {
  const cwd = tempFolder();
  const { status, stdout, stderr } = await runCli(["deploy", PIP_CHAT, "--json"], { cwd });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({
    artifacts: [
      { kind: "coreml", path: join("build/pip-chat", "pip-chat.mlpackage") },
      { kind: "swift", path: "build/pip-chat-app" },
    ],
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
  expect(plain.stdout).toMatch(
    /\napp {6}not written: it needs a tokenizer\n\nnext: npx pippin inspect out\n$/,
  );
});

test("--no-app leaves the app out, and an app that is there stops it before the work", async () => {
  const cwd = tempFolder();
  mkdirSync(join(cwd, "out-app"));
  writeFileSync(join(cwd, "out-app/mine.txt"), "mine");
  const stopped = await runCli(["deploy", PIP_CHAT, "--out", "out"], { cwd });
  expect({ status: stopped.status, written: existsSync(join(cwd, "out")) }).toEqual({
    status: 1,
    written: false,
  });
  expect(stopped.stderr).toMatch(/out-app is not empty \[CORE_OUTPUT_EXISTS\]/);
  const { status, stdout } = await runCli(["deploy", PIP_CHAT, "--out", "out", "--no-app"], { cwd });
  expect(status).toBe(0);
  expect(stdout).not.toMatch(/^app/m);
  expect(readdirSync(join(cwd, "out-app"))).toEqual(["mine.txt"]);
});

test("--dry-run writes nothing", async () => {
  const cwd = tempFolder();
  const { status, stdout } = await runCli(["deploy", PIP_CHAT, "--dry-run"], { cwd });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^would write build\/pip-chat: 3\.7\d MB /);
  expect(readdirSync(cwd)).toEqual([]);
});
