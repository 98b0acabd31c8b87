import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openModel, packageName } from "../src/model.ts";
import { PIP_CHAT } from "./support/run-cli.ts";
import { writeSyntheticModel } from "./support/synthetic-model.ts";
import { tempFolder } from "./support/temp-folder.ts";

/** Weights and a config, no vocabulary. */
const TINY_GGUF = join(
  import.meta.dirname,
  "../../../packages/checkpoint/test/fixtures/gguf/tiny-llama/input.gguf",
);

const context = { signal: new AbortController().signal, env: {}, warnings: [], warn: () => {} };

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

test("a tokenizer that cannot be executed is a warning, and the weights open", async () => {
  const folder = join(tempFolder(), "tiny");
  writeSyntheticModel(folder, { layers: 1, hidden: 64, vocab: 32, fill: "zeros" });
  writeFileSync(
    join(folder, "tokenizer.json"),
    JSON.stringify({ model: { type: "Runes", vocab: { a: 0 } } }),
  );
  const codes: string[] = [];
  const model = await openModel(folder, { ...context, warn: ({ code }) => codes.push(code) });
  expect([model.text, codes]).toEqual([undefined, ["TOKENIZER_UNSUPPORTED_COMPONENT"]]);
});

test("a GGUF whose own vocabulary is of no use takes the tokenizer beside it", async () => {
  const folder = tempFolder();
  cpSync(TINY_GGUF, join(folder, "tiny.gguf"));
  await expect(openModel(join(folder, "tiny.gguf"), context)).rejects.toMatchObject({
    code: "TOKENIZER_GGUF_BROKEN",
  });
  for (const name of ["tokenizer.json", "tokenizer_config.json"])
    cpSync(join(PIP_CHAT, name), join(folder, name));
  // The text is there now; the weights of this fixture are no whole model.
  await expect(openModel(join(folder, "tiny.gguf"), context)).rejects.toMatchObject({
    code: "DECODER_TENSOR_MISSING",
  });
});
