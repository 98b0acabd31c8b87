/**
 * Answers test_tokenizer.py with `@pippin/tokenizer`: JSON Lines in, JSON Lines out.
 *
 *     node tools/oracles/tokenizer.ts FOLDER
 *
 * `{ text }` gives `{ ids, decoded, streamed }`, `{ messages, addGenerationPrompt }` gives `{ text }`.
 */
import { createInterface } from "node:readline";
import type { ChatMessage } from "@pippin/tokenizer";
import { loadTokenizer } from "@pippin/tokenizer/node";

const [folder = "."] = process.argv.slice(2);
const { tokenizer, chatTemplate } = await loadTokenizer(folder);

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(JSON.parse(line))));
}

interface Question {
  readonly text: string;
  readonly messages?: readonly ChatMessage[];
  readonly addGenerationPrompt?: boolean;
}

function answer({ text, messages, addGenerationPrompt = false }: Question): object {
  if (messages) return { text: chatTemplate?.render(messages, { addGenerationPrompt }) };
  const ids = tokenizer.encode(text, { addSpecialTokens: false });
  const stream = tokenizer.stream();
  const streamed = ids.map((id) => stream.push(id)).join("") + stream.flush();
  return { ids, decoded: tokenizer.decode(ids), streamed };
}
