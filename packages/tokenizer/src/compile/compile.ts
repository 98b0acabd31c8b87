import { Image } from "../image/image.ts";
import { PROGRAM, SECTION } from "../image/layout.ts";
import { Program } from "../image/program.ts";
import { createNormalizer } from "../run/normalizer.ts";
import type { TokenizerSource } from "../tokenizer.ts";
import { Component, parseShape, specialTokensOf, TokenizerJson } from "../tokenizer-json.ts";
import { addTokens, compileAddedTokens } from "./added-tokens.ts";
import { Builder } from "./builder.ts";
import { compileDecoder } from "./decoder.ts";
import { compileModel } from "./model.ts";
import { compileNormalizer } from "./normalizer.ts";
import { compilePostProcessor } from "./post-processor.ts";
import { compilePreTokenizer } from "./pre-tokenizer.ts";
import { findWholeTokens } from "./whole-tokens.ts";

export interface CompileOptions {
  /** Ids that end an answer. */
  readonly stopIds?: readonly number[];
  /** SHA-256 of the tokenizer.json. */
  readonly sourceSha256?: Uint8Array;
  /** A chat template's program. */
  readonly chatTemplate?: Uint8Array;
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
  builder.writer.add(SECTION.stopIds, Uint32Array.from(options.stopIds ?? []));
  if (options.chatTemplate !== undefined) builder.writer.add(SECTION.chatTemplate, options.chatTemplate);
  const finish = (): Uint8Array => builder.finish(flags.length, options.sourceSha256);
  findWholeTokens(finish(), flags);
  return finish();
}
