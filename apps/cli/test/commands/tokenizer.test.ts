import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PIP_CHAT, runCli } from "../support/run-cli.ts";
import { tempFolder } from "../support/temp-folder.ts";

const lines = (text: string): unknown[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const asked = (...questions: object[]): string =>
  questions.map((question) => `${JSON.stringify(question)}\n`).join("");

test("text becomes ids and ids become text, a line each", async () => {
  const input = asked({ text: "Hello" }, { text: "<|im_end|>", addSpecialTokens: false });
  const encoded = await runCli(["tokenizer", "encode", PIP_CHAT], { input });
  expect(encoded).toMatchObject({ status: 0, stderr: "" });
  const [hello] = lines(encoded.stdout) as [{ ids: number[] }];
  const decoded = await runCli(["tokenizer", "decode", PIP_CHAT], {
    input: asked(hello, { ids: [2], skipSpecialTokens: true }),
  });
  expect(lines(decoded.stdout)).toEqual([{ text: "Hello" }, { text: "" }]);
});

test("a conversation becomes the prompt's text", async () => {
  const messages = [{ role: "user", content: "Hi" }];
  const input = asked({
    messages,
    add_generation_prompt: true,
    now: "2025-02-03T04:05:06",
    extra: { x: 1 },
    tools: null,
  });
  const { stdout } = await runCli(["tokenizer", "render", PIP_CHAT], { input });
  expect(lines(stdout)).toEqual([{ text: "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n" }]);
});

test("numbers of tools print as they are written", async () => {
  const cwd = tempFolder();
  cpSync(PIP_CHAT, join(cwd, "model"), { recursive: true });
  writeFileSync(join(cwd, "model/chat_template.jinja"), "{{ tools | tojson }}");
  const input = '{"messages": [], "tools": [{"minimum": 1.0, "maximum": 2}]}\n';
  const { stdout } = await runCli(["tokenizer", "render", "model"], { cwd, input });
  expect(lines(stdout)).toEqual([{ text: '[{"minimum": 1.0, "maximum": 2}]' }]);
});

test("a line that is no question is answered with an error, the others are answered", async () => {
  const input = `${asked({ text: "Hello" })}nonsense\n\n${asked({ text: 3 }, { text: "Hello" })}`;
  const { status, stdout } = await runCli(["tokenizer", "encode", PIP_CHAT], { input });
  expect(status).toBe(1);
  const answers = lines(stdout);
  expect(answers).toHaveLength(4);
  expect(answers[1]).toMatchObject({ error: { code: "CLI_USAGE" } });
  expect(answers[2]).toMatchObject({ error: { code: "CLI_USAGE" } });
  expect(answers[3]).toEqual(answers[0]);
});

test("an exported tokenizer answers as the model does, and as it says itself", async () => {
  const cwd = tempFolder();
  symlinkSync(PIP_CHAT, join(cwd, "model"));
  const dry = await runCli(["tokenizer", "export", "model", "--out", "out", "--dry-run"], { cwd });
  expect(dry.stdout).toContain("would write out/tokenizer.pippin");
  expect(readdirSync(cwd)).toEqual(["model"]);
  const exported = await runCli(["tokenizer", "export", "model", "--out", "out", "--json"], { cwd });
  expect(JSON.parse(exported.stdout)).toMatchObject({ stopIds: [0, 2], warnings: [] });
  expect(readdirSync(join(cwd, "out")).sort()).toEqual(["tokenizer-selftest.jsonl", "tokenizer.pippin"]);
  const questions = readFileSync(join(cwd, "out/tokenizer-selftest.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  for (const ask of ["encode", "decode", "render"]) {
    const rows = questions.filter((row) => row.ask === ask);
    const key = ask === "encode" ? "ids" : "text";
    const { stdout } = await runCli(["tokenizer", ask, "out/tokenizer.pippin"], {
      cwd,
      input: asked(...rows),
    });
    expect(lines(stdout)).toEqual(rows.map((row) => ({ [key]: row[key] })));
  }
  const again = await runCli(["tokenizer", "export", "model", "--out", "out"], { cwd });
  expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining("[CORE_OUTPUT_EXISTS]") });
  const inspected = await runCli(["tokenizer", "inspect", "out", "--json"], { cwd });
  expect(JSON.parse(inspected.stdout)).toMatchObject({
    model: "bpe",
    vocabSize: 1024,
    chatTemplates: ["default"],
  });
});

test("without its template it can be left out; a folder without a tokenizer is named", async () => {
  const cwd = tempFolder();
  await runCli(["tokenizer", "export", PIP_CHAT, "--out", "out", "--no-template"], { cwd });
  const { stdout } = await runCli(["tokenizer", "render", "out"], { cwd, input: asked({ messages: [] }) });
  expect(lines(stdout)).toEqual([{ error: expect.objectContaining({ code: "CLI_CANNOT_RUN" }) }]);
  const missing = await runCli(["tokenizer", "encode", cwd], { input: "" });
  expect(missing).toMatchObject({ status: 1, stderr: expect.stringContaining("[TOKENIZER_MISSING]") });
});
