import { Image, words } from "./image/image.ts";
import { DECODE, MODEL, NORMALIZE, PRE_TOKENIZE, PROGRAM, SECTION, TOKEN_FLAG } from "./image/layout.ts";
import { type Op, Program } from "./image/program.ts";

/** What is inside of a compiled tokenizer. */
export interface TokenizerDescription {
  readonly model: string;
  readonly vocabSize: number;
  readonly addedTokens: number;
  readonly merges: number;
  /** Stages in their order, by name. */
  readonly normalizers: readonly string[];
  readonly preTokenizers: readonly string[];
  readonly decoders: readonly string[];
  readonly stopIds: readonly number[];
  /** Names of the chat templates. */
  readonly chatTemplates: readonly string[];
  /** Hex; absent when the file does not say. */
  readonly sourceSha256?: string;
  readonly bytes: number;
  readonly sections: readonly { readonly kind: string; readonly bytes: number }[];
}

/** @throws PippinError `TOKENIZER_IMAGE_BROKEN`. */
export function describeTokenizer(bytes: Uint8Array): TokenizerDescription {
  const image = new Image(bytes);
  const program = new Program(image);
  const text = (number: number): string => new TextDecoder().decode(program.string(number));
  const templates = words(image.only(SECTION.chatTemplates));
  const sha = Array.from(image.sourceSha256, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const flags = image.only(SECTION.tokenFlags);
  return {
    model: nameOf(MODEL, program.words[PROGRAM.model]!),
    vocabSize: image.vocabSize,
    addedTokens: flags.reduce((count, flag) => count + (flag & TOKEN_FLAG.added ? 1 : 0), 0),
    merges: image.only(SECTION.merges).length / 8,
    normalizers: names(NORMALIZE, program.normalizers),
    preTokenizers: names(PRE_TOKENIZE, program.preTokenizers),
    decoders: names(DECODE, program.decoders),
    stopIds: Array.from(words(image.only(SECTION.stopIds))),
    chatTemplates: Array.from(
      templates.filter((_, i) => i % 2 === 0),
      text,
    ),
    ...(/[^0]/.test(sha) && { sourceSha256: sha }),
    bytes: bytes.length,
    sections: image.sizes().map(({ kind, bytes: size }) => ({ kind: nameOf(SECTION, kind), bytes: size })),
  };
}

function names(codes: Readonly<Record<string, number>>, ops: readonly Op[]): string[] {
  return ops.map(([code]) => nameOf(codes, code));
}

function nameOf(codes: Readonly<Record<string, number>>, code: number): string {
  return Object.keys(codes).find((name) => codes[name] === code) ?? String(code);
}
