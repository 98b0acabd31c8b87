import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { runInProcess } from "./support/in-process.ts";
import { PIP_CHAT, runCli } from "./support/run-cli.ts";
import { tempFolder } from "./support/temp-folder.ts";

const converted = inject("converted");
/** Clears the screen, renames the window, goes back to the line's start; the last one is an escape of one byte. */
const EVIL = "\u001b[2J\u001b]0;owned\u0007\rfake\u009b31m";
/** Everything but line ends and tabs that steers a terminal. */
const CONTROL = /(?![\n\t])\p{Cc}/u;

function edit(file: string, change: (json: Record<string, unknown>) => void): void {
  const json = JSON.parse(readFileSync(file, "utf8"));
  change(json);
  writeFileSync(file, JSON.stringify(json));
}

function copyOfModel(): string {
  const model = join(tempFolder(), "model");
  cpSync(PIP_CHAT, model, { recursive: true });
  return model;
}

/** Adds a tensor of no bytes whose name is not a nice one. */
function addTensor(model: string): void {
  const file = join(model, "model.safetensors");
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE());
  const entries = JSON.parse(bytes.subarray(8, start).toString());
  entries[`${EVIL}.weight`] = { dtype: "F32", shape: [0], data_offsets: [0, 0] };
  const header = Buffer.from(JSON.stringify(entries));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(file, Buffer.concat([length, header, bytes.subarray(start)]));
}

test.each([
  ["the model_type", (model: string) => edit(join(model, "config.json"), (json) => (json.model_type = EVIL))],
  ["the activation", (model: string) => edit(join(model, "config.json"), (json) => (json.hidden_act = EVIL))],
  ["a tensor's name", addTensor],
  [
    "the tokenizer",
    (model: string) => edit(join(model, "tokenizer.json"), (json) => (json.pre_tokenizer = { type: EVIL })),
  ],
  [
    "the chat template",
    (model: string) =>
      edit(join(model, "tokenizer_config.json"), (json) => (json.chat_template = `{% ${EVIL} %}`)),
  ],
])("control characters in %s never reach the terminal", async (_, damage) => {
  const model = copyOfModel();
  damage(model);
  for (const args of [
    ["inspect", model, "--all"],
    ["convert", model, "--dry-run"],
  ]) {
    for (const more of [[], ["--json"]]) {
      const { stdout, stderr } = await runCli([...args, ...more]);
      expect(stdout + stderr).not.toBe("");
      expect(stdout + stderr).not.toMatch(CONTROL);
    }
  }
});

test("control characters in a model's answer do not either", async () => {
  const out = join(tempFolder(), "out");
  cpSync(converted, out, { recursive: true });
  const replace = (from: string, content: string) => ({
    type: "Replace",
    pattern: { String: from },
    content,
  });
  const decoder = {
    type: "Sequence",
    decoders: [replace("Ġ", " "), replace("P", "\u001b"), { type: "Fuse" }],
  };
  edit(join(out, "tokenizer.json"), (json) => {
    json.decoder = decoder;
  });
  const args = [out, "--prompt", "What is the capital of France?"];
  const { status, stdout } = await runCli(["generate", ...args]);
  expect(status).toBe(0);
  expect(stdout).not.toMatch(CONTROL);
  expect(stdout).toContain("\\x1baris");
  const chat = await runCli(["chat", out], { input: "What is the capital of France?\n" });
  expect(chat.stdout).toContain("\\x1baris");
  const json = await runCli(["generate", ...args, "--json"]);
  expect(json.stdout).not.toMatch(CONTROL);
  expect(JSON.parse(json.stdout).text).toContain("\u001baris");
});

test.each([
  ["inspect", ["inspect", PIP_CHAT]],
  ["a dry run", ["convert", PIP_CHAT, "--dry-run"]],
  ["an answer", ["generate", converted, "--prompt", "Hello"]],
  ["an error", ["inspect", "nowhere"]],
])("%s has no escape codes away from a terminal", async (_, args) => {
  for (const env of [{}, { FORCE_COLOR: "1" }]) {
    const { stdout, stderr } = await runCli(args, { env });
    expect(stdout + stderr).not.toMatch(CONTROL);
  }
});

test("on a terminal there are bold words and a progress line that goes away", async () => {
  const args = ["convert", PIP_CHAT, "--out", join(tempFolder(), "out")];
  const { stdout, stderr } = await runInProcess(args, { tty: true });
  expect(stdout).toContain("\u001b[1m");
  expect(stderr).toContain("convert █");
  expect(stderr.endsWith("\r\u001b[2K")).toBe(true);
});

test.each([[{ NO_COLOR: "1", CI: "1" }], [{ TERM: "dumb" }]])(
  "%j is respected on a terminal",
  async (env) => {
    const args = ["convert", PIP_CHAT, "--out", join(tempFolder(), "out")];
    const { status, stdout, stderr } = await runInProcess(args, { tty: true, env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).not.toMatch(CONTROL);
  },
);

test("NO_COLOR alone keeps the progress line", async () => {
  const args = ["convert", PIP_CHAT, "--out", join(tempFolder(), "out")];
  const { stdout, stderr } = await runInProcess(args, { tty: true, env: { NO_COLOR: "1" } });
  expect(stdout).not.toMatch(CONTROL);
  expect(stderr).toContain("convert █");
});

test.each([["convert", "deploy"], ["merge-shards"]].flat())("%s refuses an empty --out", async (command) => {
  const { status, stderr } = await runCli([command, PIP_CHAT, "--out", ""]);
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining("[CLI_USAGE]") });
});
