/**
 * Answers test_tokenizers.py and test_synthetic_tokenizers.py with `@pippin/tokenizer`: JSON Lines in, JSON Lines out.
 *
 *     node tools/oracles/tokenizers.ts
 *
 * `{ open, file }`, a folder with a tokenizer.json and where to write the compiled file, gives `{ error }`; the answers after it
 * are that tokenizer's. `{ text }` gives
 * `{ ids, special, offsets }`, the ids without and with special tokens, and those with the characters that they stand for; `{ ids }` gives `{ decoded, skipped, streamed }`.
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
    return { ids, special: tokenizer.encode(question.text), offsets: offsetsOf(tokenizer, question.text) };
  }
  const stream = tokenizer.stream();
  const streamed = question.ids.map((id) => stream.push(id)).join("") + stream.flush();
  const skipped = tokenizer.decode(question.ids, { skipSpecialTokens: true });
  return { decoded: tokenizer.decode(question.ids), skipped, streamed };
}

/** Id, first character, and the one behind the last, in code points. */
function offsetsOf(opened: NonNullable<typeof tokenizer>, text: string): number[][] {
  const places = new Uint32Array(text.length + 1);
  let place = 0;
  for (let at = 0; at < text.length; place++) {
    const end = at + (text.codePointAt(at)! > 0xffff ? 2 : 1);
    places.fill(place, at, end);
    at = end;
  }
  places[text.length] = place;
  return opened.encodeWithOffsets(text).map(({ id, start, end }) => [id, places[start]!, places[end]!]);
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
