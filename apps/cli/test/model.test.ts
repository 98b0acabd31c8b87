import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openModel, packageName } from "../src/model.ts";
import { PIP_CHAT } from "./support/run-cli.ts";
import { writeSyntheticModel } from "./support/synthetic-model.ts";
import { tempFolder } from "./support/temp-folder.ts";

const context = { signal: new AbortController().signal, warnings: [], warn: () => {} };

test.each([
  ["Qwen/Qwen2.5-1.5B-Instruct", "Qwen2.5-1.5B-Instruct"],
  ["my model (v2)!", "my-model-v2"],
  ["../../etc/passwd", "passwd"],
  ["\u001b[31m", "m"],
  ["..", "Model"],
  ["123", "Model"],
  ["模型", "Model"],
  ["a".repeat(200), "a".repeat(64)],
])("a model called %j becomes a package called %s", (model, name) => {
  expect(packageName(model)).toBe(name);
});

test("a folder of the Hub's cache gives repository and revision, and no path of this machine", async () => {
  const revision = "0123456789abcdef0123456789abcdef01234567";
  const folder = join(tempFolder(), "models--org--tiny/snapshots", revision);
  mkdirSync(folder, { recursive: true });
  cpSync(PIP_CHAT, folder, { recursive: true });
  const { facts } = await openModel(folder, context);
  expect(facts).toMatchObject({ name: "org/tiny", revision, license: "apache-2.0" });
  expect(JSON.stringify(facts)).not.toContain(folder);
});

test("weights without a tokenizer open without text", async () => {
  const folder = join(tempFolder(), "tiny");
  writeSyntheticModel(folder, { layers: 1, hidden: 64, vocab: 32, fill: "zeros" });
  const { text, facts } = await openModel(folder, context);
  expect(text).toBeUndefined();
  expect(facts.name).toBe("tiny");
});

test("a license that is not a plain word is left out", async () => {
  const folder = join(tempFolder(), "tiny");
  writeSyntheticModel(folder, { layers: 1, hidden: 64, vocab: 32, fill: "zeros" });
  writeFileSync(join(folder, "README.md"), "---\nlicense: \u001b]0;owned\u0007\n---\n");
  expect((await openModel(folder, context)).facts.license).toBeUndefined();
});
