import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { PIP_CHAT, runCli } from "../support/run-cli.ts";
import { tempFolder } from "../support/temp-folder.ts";

const converted = inject("converted");
const FRANCE = "The capital of France is Paris.\n";
const SPIDER = "A spider has 8 legs.\n";

test("two piped questions get two answers, and the end of the pipe ends the talk", async () => {
  const input = "What is the capital of France?\nHow many legs does a spider have?\n";
  const result = await runCli(["chat", converted], { input });
  expect(result).toMatchObject({ status: 0, stdout: FRANCE + SPIDER, stderr: "" });
});

test("empty lines of a pipe are skipped, a last line without an end counts", async () => {
  const input = "\nWhat is the capital of France?\n\n  \nHow many legs does a spider have?";
  const { status, stdout } = await runCli(["chat", converted], { input });
  expect({ status, stdout }).toEqual({ status: 0, stdout: FRANCE + SPIDER });
});

test("an empty pipe is an empty talk", async () => {
  expect(await runCli(["chat", converted])).toMatchObject({ status: 0, stdout: "", stderr: "" });
});

test("when the context is full the conversation starts over", async () => {
  const out = join(tempFolder(), "small");
  await runCli(["convert", PIP_CHAT, "--context", "96", "--prefill", "32", "--out", out]);
  const question = "What is the capital of France?\n";
  const { status, stdout, stderr } = await runCli(["chat", out], { input: question.repeat(8) });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const lines = stdout.trimEnd().split("\n");
  const notes = lines.filter((line) => line === "(the context is full: the conversation starts over)");
  expect(notes.length).toBeGreaterThan(0);
  expect(lines.length - notes.length).toBe(8);
});

test("--system comes before the conversation", async () => {
  const args = ["chat", converted, "--system", "You are Pip.", "--max-tokens", "3"];
  const { status, stdout } = await runCli(args, { input: "Hello\n" });
  expect(status).toBe(0);
  expect(stdout.trim()).not.toBe("");
});

test("a repetition penalty looks back at the turns that the cache holds", async () => {
  const [first, second] = ["What is the capital of France?", "How many legs does a spider have?"];
  const flags = ["--repetition-penalty", "3", "--max-tokens", "20"];
  const talk = await runCli(["chat", converted, ...flags], { input: `${first}\n${second}\n` });
  const [answer, next] = talk.stdout.split("\n");
  const messages = [
    { role: "user", content: first },
    { role: "assistant", content: answer },
    { role: "user", content: second },
  ];
  const cwd = tempFolder();
  writeFileSync(join(cwd, "talk.json"), JSON.stringify(messages));
  const whole = await runCli(["generate", converted, "--messages", "talk.json", ...flags], { cwd });
  expect(`${next}\n`).toBe(whole.stdout);
});
