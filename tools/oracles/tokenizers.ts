/**
 * Answers test_tokenizers.py with `@pippin/tokenizer`: JSON Lines in, JSON Lines out.
 *
 *     node tools/oracles/tokenizers.ts FOLDER
 *
 * `{ text }` gives `{ ids, special }`, the ids without and with special tokens; `{ ids }` gives `{ decoded, skipped, streamed }`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { compileTokenizer, openTokenizer } from "@pippin/tokenizer";

const [folder = "."] = process.argv.slice(2);
const tokenizerJson: unknown = JSON.parse(readFileSync(join(folder, "tokenizer.json"), "utf8"));
const tokenizer = openTokenizer(compileTokenizer({ tokenizerJson }));
tokenizer.verify();

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(JSON.parse(line))));
}

function answer(question: { text: string } | { ids: number[] }): object {
  if ("text" in question) {
    const ids = tokenizer.encode(question.text, { addSpecialTokens: false });
    return { ids, special: tokenizer.encode(question.text) };
  }
  const stream = tokenizer.stream();
  const streamed = question.ids.map((id) => stream.push(id)).join("") + stream.flush();
  const skipped = tokenizer.decode(question.ids, { skipSpecialTokens: true });
  return { decoded: tokenizer.decode(question.ids), skipped, streamed };
}
