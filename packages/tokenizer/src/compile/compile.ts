import { Image } from "../image/image.ts";
import { PROGRAM, SECTION } from "../image/layout.ts";
import { Program } from "../image/program.ts";
import { createNormalizer } from "../run/normalizer.ts";
import { type OpenedTokenizer, openTokenizer } from "../run/open.ts";
import type { TokenizerSource } from "../tokenizer.ts";
import { Component, parseShape, specialTokensOf, TokenizerJson } from "../tokenizer-json.ts";
import { addTokens, compileAddedTokens } from "./added-tokens.ts";
import { Builder } from "./builder.ts";
import { compileDecoder } from "./decoder.ts";
import { compileModel } from "./model.ts";
import { compileNormalizer } from "./normalizer.ts";
import { compilePostProcessor, trimming } from "./post-processor.ts";
import { compilePreTokenizer } from "./pre-tokenizer.ts";
import { findWholeTokens } from "./whole-tokens.ts";

export interface CompileOptions {
  /** Ids that end an answer; `stopTokenIds` finds them with the tokenizer's help. */
  readonly stopIds?: readonly number[] | ((tokenizer: OpenedTokenizer) => readonly number[]);
  /** SHA-256 of the tokenizer.json. */
  readonly sourceSha256?: Uint8Array;
  /** Programs of chat templates by name, of which `default` is one. */
  readonly chatTemplates?: Readonly<Record<string, Uint8Array>>;
}

/**
 * Compiles the JSON values of a tokenizer's files to one file that opens without parsing.
 *
 * `truncation` and `padding` have no effect: a prompt is never cut or filled up silently. Equal input gives equal bytes.
 *
 * @throws PippinError `TOKENIZER_BROKEN_FILE`, `TOKENIZER_UNSUPPORTED_COMPONENT`, `TOKENIZER_UNSUPPORTED_REGEX`.
 */
export function compileTokenizer(source: TokenizerSource, options: CompileOptions = {}): Uint8Array {
  const json = parseShape(TokenizerJson, source.tokenizerJson, "tokenizer.json");
  const model = parseShape(Component, { type: "BPE", ...json.model }, "tokenizer.json, model");
  const special = specialTokensOf(source.specialTokensMap, source.tokenizerConfig);
  const builder = new Builder();
  const { tokens, size, byteLevel } = compileModel(builder, model, json.pre_tokenizer);
  const added = addTokens(tokens, json.added_tokens, size);
  compileNormalizer(builder, json.normalizer);
  compilePreTokenizer(builder, json.pre_tokenizer, byteLevel);
  builder.post.push(...compilePostProcessor(json.post_processor));
  builder.words[PROGRAM.trim] = trimming(json.post_processor);
  compileDecoder(builder, json.decoder);
  compileAddedTokens(builder, tokens, added, createNormalizer(new Program(new Image(builder.finish(0)))));
  for (const [at, name] of [
    [PROGRAM.bosId, "bos_token"],
    [PROGRAM.eosId, "eos_token"],
  ] as const) {
    const id = special[name] === undefined ? undefined : tokens.idOf(special[name]);
    if (id !== undefined) builder.words[at] = id;
  }
  const flags = tokens.write(builder);
  addTemplates(builder, options.chatTemplates ?? {}, special);
  const finish = (): Uint8Array => builder.finish(flags.length, options.sourceSha256);
  findWholeTokens(finish(), flags);
  const { stopIds = [] } = options;
  const ids = typeof stopIds === "function" ? stopIds(openTokenizer(finish())) : stopIds;
  builder.writer.add(SECTION.stopIds, Uint32Array.from(ids));
  return finish();
}

function addTemplates(
  builder: Builder,
  templates: Readonly<Record<string, Uint8Array>>,
  tokens: Readonly<Record<string, string>>,
): void {
  const programs = Object.entries(templates);
  if (programs.length === 0) return;
  const rows = programs.flatMap(([name, program]) => [
    builder.string(name),
    builder.writer.add(SECTION.chatTemplate, program),
  ]);
  builder.writer.add(SECTION.chatTemplates, Uint32Array.from(rows));
  const pairs = Object.entries(tokens).flatMap(([name, token]) => [
    builder.string(name),
    builder.string(token),
  ]);
  builder.writer.add(SECTION.templateTokens, Uint32Array.from(pairs));
}
