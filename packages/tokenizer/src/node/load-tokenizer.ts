import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { PippinError } from "@pippin/core";
import { type ChatTemplate, createChatTemplate, findChatTemplate } from "../chat-template.ts";
import type { TokenizerErrorCode } from "../errors.ts";
import type { ExportSource } from "../export.ts";
import { stopTokenIds } from "../stop-tokens.ts";
import { createTokenizer, type Tokenizer } from "../tokenizer.ts";
import { brokenFile, specialTokensOf } from "../tokenizer-json.ts";

/** Everything about text that a model folder holds. */
export interface LoadedTokenizer {
  readonly tokenizer: Tokenizer;
  readonly chatTemplate?: ChatTemplate;
  /** Ids that end an answer. */
  readonly stopTokens: readonly number[];
  /** Names of the tokenizer's files in the folder, sorted: what a package of the model carries on. */
  readonly files: readonly string[];
  /** The values of those files, as `exportTokenizer` takes them. */
  readonly source: ExportSource;
}

/** Files of a model folder that make up its tokenizer and say how to generate. */
const TOKENIZER_FILES = [
  "added_tokens.json",
  "chat_template.jinja",
  "generation_config.json",
  "merges.txt",
  "special_tokens_map.json",
  "tokenizer.json",
  "tokenizer.model",
  "tokenizer_config.json",
  "vocab.json",
] as const;

/**
 * Loads the tokenizer and chat template of a model folder.
 *
 * @throws PippinError `TOKENIZER_MISSING`, `TOKENIZER_BROKEN_FILE`, `TOKENIZER_UNSUPPORTED_COMPONENT`.
 */
export async function loadTokenizer(folder: string): Promise<LoadedTokenizer> {
  const text = await readText(folder, "tokenizer.json");
  if (text === undefined) throw await missing(folder);
  const tokenizerJson = parseFile(folder, "tokenizer.json", text);
  const tokenizerConfig = await readJson(folder, "tokenizer_config.json");
  const specialTokensMap = await readJson(folder, "special_tokens_map.json");
  const tokenizer = createTokenizer({ tokenizerJson, tokenizerConfig, specialTokensMap });
  const template = findChatTemplate({
    tokenizerConfig,
    jinjaFile: await readText(folder, "chat_template.jinja"),
  });
  const specialTokens = specialTokensOf(specialTokensMap, tokenizerConfig);
  const { bosToken, eosToken } = tokenizer;
  const chatTemplate =
    template === undefined ? undefined : createChatTemplate({ template, bosToken, eosToken, specialTokens });
  const config = await readJson(folder, "config.json");
  const generationConfig = await readJson(folder, "generation_config.json");
  const stopTokens = stopTokenIds({ tokenizer, chatTemplate, config, generationConfig });
  const files = await tokenizerFilesIn(folder);
  const sourceSha256 = createHash("sha256").update(text).digest();
  const source = {
    ...{ tokenizerJson, tokenizerConfig, specialTokensMap, config, generationConfig, sourceSha256 },
    chatTemplate: template ?? null,
  };
  return { tokenizer, ...(chatTemplate === undefined ? {} : { chatTemplate }), stopTokens, files, source };
}

async function tokenizerFilesIn(folder: string): Promise<string[]> {
  const present = new Set(await readdir(folder));
  return TOKENIZER_FILES.filter((name) => present.has(name));
}

async function readJson(folder: string, name: string): Promise<unknown> {
  const text = await readText(folder, name);
  return text === undefined ? undefined : parseFile(folder, name, text);
}

function parseFile(folder: string, name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw brokenFile(join(folder, name), cause instanceof Error ? cause.message : "not JSON", cause);
  }
}

/** The text of a file, or `undefined` when there is none. */
async function readText(folder: string, name: string): Promise<string | undefined> {
  try {
    return (await readFile(join(folder, name), "utf8")).replace(/^\uFEFF/, "");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw brokenFile(join(folder, name), `it cannot be read (${code})`, cause);
  }
}

async function missing(folder: string): Promise<PippinError<TokenizerErrorCode>> {
  // An unreadable folder has no other files that the hint could name.
  const found = await readdir(folder).catch((): string[] => []);
  const older = found.filter((name) => name === "tokenizer.model" || name === "vocab.json");
  return new PippinError("TOKENIZER_MISSING", {
    message: `${basename(folder)} has no tokenizer.json${older.length ? `, only ${older.join(", ")}` : ""}`,
    hint: older.length
      ? "Let transformers write it: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)."
      : "Fetch the model again with its tokenizer files, or copy them from the model it was made from.",
    details: { folder, found: older },
  });
}
