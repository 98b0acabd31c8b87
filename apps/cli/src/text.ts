import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { ChatMessage, ChatTemplate, ExportSource, Tokenizer } from "@pippin/tokenizer";
import { loadTokenizer, writeTokenizerFiles } from "@pippin/tokenizer/node";

/** What turns a conversation into ids and ids into words. */
export interface Text {
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate | undefined;
  readonly stopTokens: readonly number[];
  /** What `exportTokenizer` takes. */
  readonly source: ExportSource;
  /** Where the files come from that a package carries on. */
  readonly files:
    | { readonly kind: "copied"; readonly names: readonly string[] }
    | {
        readonly kind: "made";
        readonly tokenizerJson: object;
        readonly tokenizerConfig: object;
        readonly generationConfig: object;
      };
}

/** Puts the tokenizer's files into a package's folder. */
export async function writeText(text: Text, from: string, to: string): Promise<void> {
  if (text.files.kind === "copied") {
    for (const name of text.files.names) await copyFile(join(from, name), join(to, name));
    return;
  }
  await writeTokenizerFiles(to, text.files);
}

/** Names of the tokenizer's files in a package's folder; none when they cannot be read. */
export async function tokenizerFiles(folder: string): Promise<readonly string[]> {
  return loadTokenizer(folder).then(
    ({ files }) => files,
    () => [],
  );
}

/** Ids of a conversation, ready for the model's answer; without a template only the last message's text. */
export function encodeChat({ tokenizer, template }: Text, messages: readonly ChatMessage[]): number[] {
  if (template === undefined) return tokenizer.encode(String(messages.at(-1)?.content ?? ""));
  const rendered = template.render(messages, { addGenerationPrompt: true });
  return tokenizer.encode(rendered, { addSpecialTokens: false });
}
