/**
 * Answers test_tokenizers.py and test_synthetic_tokenizers.py with `@pippin/tokenizer`: JSON Lines in, JSON Lines out.
 *
 *     node tools/oracles/tokenizers.ts
 *
 * `{ open, file }`, a folder with a tokenizer.json and where to write the compiled file, gives `{ error }`; the answers after it
 * are that tokenizer's. `{ text }` gives
 * `{ ids, special }`, the ids without and with special tokens; `{ ids }` gives `{ decoded, skipped, streamed }`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isPippinError } from "@pippin/core";
import { compileTokenizer, openTokenizer } from "@pippin/tokenizer";

type Question =
  | { readonly open: string; readonly file: string }
  | { readonly text: string }
  | { readonly ids: readonly number[] };

let tokenizer: ReturnType<typeof openTokenizer> | undefined;

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(JSON.parse(line))));
}

function answer(question: Question): object {
  if ("open" in question) return open(question.open, question.file);
  if (tokenizer === undefined) return { error: "no tokenizer is open" };
  if ("text" in question) {
    const ids = tokenizer.encode(question.text, { addSpecialTokens: false });
    return { ids, special: tokenizer.encode(question.text) };
  }
  const stream = tokenizer.stream();
  const streamed = question.ids.map((id) => stream.push(id)).join("") + stream.flush();
  const skipped = tokenizer.decode(question.ids, { skipSpecialTokens: true });
  return { decoded: tokenizer.decode(question.ids), skipped, streamed };
}

function open(folder: string, file: string): { error: string | null } {
  tokenizer = undefined;
  try {
    const tokenizerJson: unknown = JSON.parse(readFileSync(join(folder, "tokenizer.json"), "utf8"));
    const compiled = compileTokenizer({ tokenizerJson });
    writeFileSync(file, compiled);
    tokenizer = openTokenizer(compiled);
    tokenizer.verify();
    return { error: null };
  } catch (error) {
    if (isPippinError(error)) return { error: `${error.code}: ${error.message}` };
    throw error;
  }
}
