import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** One folder of `fixtures`: a tiny tokenizer, and what the reference libraries answer for it. */
export interface GoldenCase {
  readonly name: string;
  readonly folder: string;
  readonly tokenizerJson: object;
  readonly tokenizerConfig: { readonly chat_template: string; readonly [key: string]: unknown };
  readonly gguf: ReadonlyMap<string, unknown>;
  readonly expected: Expected;
}

interface Expected {
  readonly texts: readonly {
    text: string;
    ids: number[];
    idsSpecial: number[];
    decoded: string;
    decodedSkip: string;
  }[];
  readonly brokenIds: readonly { ids: number[]; decoded: string }[];
  readonly stopTokens: readonly number[];
  readonly chats: readonly {
    messages: { role: string; content: string }[];
    add_generation_prompt: boolean;
    tools?: unknown[];
    extra?: Record<string, unknown>;
    text: string | null;
  }[];
}

const FIXTURES = fileURLToPath(new URL("fixtures/", import.meta.url));

export const goldenCases: readonly GoldenCase[] = readdirSync(FIXTURES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => {
    const folder = `${FIXTURES}${name}`;
    const read = (file: string) => JSON.parse(readFileSync(`${folder}/${file}`, "utf8"));
    return {
      name,
      folder,
      tokenizerJson: read("tokenizer.json"),
      tokenizerConfig: read("tokenizer_config.json"),
      gguf: new Map(Object.entries(read("gguf.json"))),
      expected: read("expected.json"),
    };
  });

export function goldenCase(name: string): GoldenCase {
  const found = goldenCases.find((golden) => golden.name === name);
  if (found === undefined) throw new Error(`no fixture ${name}`);
  return found;
}
