import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { runCli } from "../support/run-cli.ts";
import { tempFolder } from "../support/temp-folder.ts";

const converted = inject("converted");
const QUESTION = "What is the capital of France?";
const ANSWER = "The capital of France is Paris.";

test("the answer and nothing else is printed", async () => {
  const result = await runCli(["generate", converted, "--prompt", QUESTION]);
  expect(result).toMatchObject({ status: 0, stdout: `${ANSWER}\n`, stderr: "" });
});

test("--json holds ids, text, how it ended and times", async () => {
  const { stdout } = await runCli(["generate", converted, "--prompt", QUESTION, "--json"]);
  expect(JSON.parse(stdout)).toEqual({
    promptIds: expect.arrayContaining([expect.any(Number)]),
    ids: expect.arrayContaining([expect.any(Number)]),
    text: ANSWER,
    finish: "stop",
    timeToFirstTokenMs: expect.any(Number),
    tokensPerSecond: expect.any(Number),
  });
});

test("messages of a file are answered as one conversation, and --max-tokens ends it", async () => {
  const cwd = tempFolder();
  writeFileSync(join(cwd, "talk.json"), JSON.stringify([{ role: "user", content: QUESTION }]));
  const args = ["generate", converted, "--messages", "talk.json", "--max-tokens", "2", "--json"];
  const { stdout } = await runCli(args, { cwd });
  const { ids, finish, text } = JSON.parse(stdout);
  expect({ ids: ids.length, finish }).toEqual({ ids: 2, finish: "maxTokens" });
  expect(ANSWER.startsWith(text)).toBe(true);
});

test.each([
  ["no JSON", "{"],
  ["no list", "{}"],
  ["an empty list", "[]"],
  ["messages without a role", '[{"content":"Hello"}]'],
])("a file of messages with %s is wrong usage", async (_, text) => {
  const cwd = tempFolder();
  writeFileSync(join(cwd, "talk.json"), text);
  const { status, stderr } = await runCli(["generate", converted, "--messages", "talk.json"], { cwd });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^error: .*talk\.json.* \[CLI_USAGE\]\nhint: {2}For example \[\{"role"/);
});

test("--raw continues plain text", async () => {
  const args = ["generate", converted, "--raw", "--prompt", QUESTION, "--max-tokens", "1", "--json"];
  const { promptIds } = JSON.parse((await runCli(args)).stdout);
  const chat = JSON.parse((await runCli(args.filter((word) => word !== "--raw"))).stdout);
  expect(promptIds.length).toBeLessThan(chat.promptIds.length);
});

test("the same seed draws the same answer", async () => {
  const args = ["generate", converted, "--prompt", QUESTION, "--temperature", "2", "--max-tokens", "20"];
  const [first, second, other] = await Promise.all([
    runCli([...args, "--seed", "7"]),
    runCli([...args, "--seed", "7"]),
    runCli([...args, "--seed", "8"]),
  ]);
  expect(first.stdout).toBe(second.stdout);
  expect(first.stdout).not.toBe(other.stdout);
});

test.each([
  ["--top-k", "1"],
  ["--top-p", "0"],
  ["--min-p", "1"],
])("%s %s leaves the most likely token", async (...flag) => {
  const args = ["generate", converted, "--prompt", QUESTION, "--temperature", "2"];
  expect((await runCli([...args, ...flag])).stdout).toBe(`${ANSWER}\n`);
});

test("a large repetition penalty keeps out what the prompt or the answer has", async () => {
  const args = ["generate", converted, "--prompt", QUESTION, "--max-tokens", "20", "--json"];
  const { promptIds, ids } = JSON.parse((await runCli([...args, "--repetition-penalty", "1000"])).stdout);
  expect(ids).toHaveLength(20);
  expect(new Set([...promptIds, ...ids]).size).toBe(new Set(promptIds).size + ids.length);
});

test("frequency and presence penalties change what is drawn", async () => {
  const args = ["generate", converted, "--prompt", QUESTION, "--temperature", "4", "--max-tokens", "60"];
  const flags = [[], ["--frequency-penalty", "1"], ["--presence-penalty", "2"]];
  const answers = await Promise.all(flags.map((given) => runCli([...args, ...given])));
  expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(flags.length);
});

test("a package without its tokenizer says what is missing", async () => {
  const out = join(tempFolder(), "out");
  cpSync(converted, out, { recursive: true });
  rmSync(join(out, "tokenizer.json"));
  const { status, stderr } = await runCli(["generate", out, "--prompt", QUESTION]);
  expect(status).toBe(1);
  expect(stderr).toContain("[CLI_CANNOT_RUN]\nhint:  Put the model's tokenizer.json");
});

test("a prompt that is longer than the context is refused", async () => {
  const { status, stderr } = await runCli(["generate", converted, "--prompt", "word ".repeat(600)]);
  expect(status).toBe(1);
  expect(stderr).toContain("[VERIFY_PROMPT_INVALID]");
});
