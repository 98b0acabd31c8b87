import { backend } from "@pippin/coreml";
import { loadTokenizer } from "@pippin/tokenizer/node";
import { expect, inject, test } from "vitest";
import { answer } from "../src/answer.ts";
import { textOf } from "../src/model.ts";
import { encodeChat } from "../src/text.ts";
import { isRight, readHeldOut } from "./support/held-out.ts";

test("the converted model answers at least 180 of 200 questions that it was never trained with", async () => {
  const questions = readHeldOut();
  const folder = inject("converted");
  const text = textOf(await loadTokenizer(folder));
  const opened = await backend.open(folder);
  // A second thread waits for its share of such small matrices longer than it computes, on a busy machine.
  const runner = await opened.runner!({ precision: "fp16", threads: 1 });
  const wrong: string[] = [];
  for (const held of questions) {
    const prompt = encodeChat(text, [{ role: "user", content: held.question }]);
    const said = await answer({ runner, text }, prompt, { maxTokens: 48 }, {});
    if (!isRight(held, said.text)) wrong.push(`${held.topic}: ${held.question} → ${said.text}`);
  }
  await runner.close();
  await opened.close();
  expect(questions).toHaveLength(200);
  expect(wrong.length, wrong.join("\n")).toBeLessThanOrEqual(20);
}, 180_000);

test.each([
  ["The Capital of Spain is MADRID.", true],
  ["The capital of Spain is Paris.", false],
])("an answer is judged in lower case: %s", (text, right) => {
  const held = { topic: "capital", question: "?", expect: ["\\bmadrid\\b", "spain"] };
  expect(isRight(held, text)).toBe(right);
});
