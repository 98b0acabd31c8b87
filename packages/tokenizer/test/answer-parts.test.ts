import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AnswerPart, AnswerParts } from "../src/answer-parts.ts";

/** Parts of one kind in a row as one text. */
function joined(parts: readonly AnswerPart[]): string {
  let text = "";
  let last: string | undefined;
  for (const part of parts) {
    text += part.kind === last ? part.text : `${text === "" ? "" : "|"}${part.kind}:${part.text}`;
    last = part.ended ? undefined : part.kind;
  }
  return text;
}

function partsOf(pieces: readonly string[], options = {}): string {
  const stream = new AnswerParts(options);
  return joined([...pieces.flatMap((piece) => stream.push(piece)), ...stream.flush()]);
}

describe("AnswerParts", () => {
  test.each([
    ["plain text", "plain text", "text:plain text"],
    ["a thought", "<think>\nhm\n</think>\n\nyes", "thinking:\nhm\n|text:\n\nyes"],
    [
      "two calls",
      'a<tool_call>{"n": 1}</tool_call><tool_call>2</tool_call>',
      'text:a|toolCall:{"n": 1}|toolCall:2',
    ],
    ["a tag inside of another", "<think><tool_call></think>x", "thinking:<tool_call>|text:x"],
    ["what only looks like a tag", "a <thin b </think> <", "text:a <thin b </think> <"],
    ["an end without an end", "<think>hm", "thinking:hm"],
  ])("%s, whole and letter by letter", (_, text, expected) => {
    expect(partsOf([text])).toBe(expected);
    expect(partsOf([...text])).toBe(expected);
  });

  test("a thought that the prompt has opened, and other tags", () => {
    expect(partsOf(["hm</think>x"], { begins: "thinking" })).toBe("thinking:hm|text:x");
    expect(partsOf(["[T]hm[/T]x"], { thinking: ["[T]", "[/T]"] })).toBe("thinking:hm|text:x");
  });

  test("however the text is cut, the parts are the same", () => {
    const piece = fc.constantFrom(
      "<think>",
      "</think>",
      "<tool_call>",
      "</tool_call>",
      "a",
      "<",
      "<th",
      "\n",
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 5 })),
        (words, cuts) => {
          const text = words.join("");
          const pieces: string[] = [];
          for (let at = 0; at < text.length; ) {
            const length = cuts.next().value ?? 1;
            pieces.push(text.slice(at, at + length));
            at += length;
          }
          expect(partsOf(pieces)).toBe(partsOf([text]));
        },
      ),
    );
  });
});
