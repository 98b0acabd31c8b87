import { z } from "zod";
import { DECODE } from "../image/layout.ts";
import { type Component, parseShape, stagesIn, unsupported } from "../tokenizer-json.ts";
import { type Builder, literal } from "./builder.ts";
import { Character, Pattern } from "./components.ts";

const Replace = z.looseObject({ pattern: Pattern, content: z.string() });
const Count = z.number().int().nonnegative();
const Strip = z.looseObject({ content: Character, start: Count, stop: Count });
const Metaspace = z.looseObject({
  replacement: Character.default("▁"),
  prepend_scheme: z.enum(["always", "first", "never"]).default("always"),
});
const WordPiece = z.looseObject({ prefix: z.string().default("##"), cleanup: z.boolean().default(true) });
const Bpe = z.looseObject({ suffix: z.string().default("</w>") });
const Ctc = z.looseObject({
  pad_token: z.string().default("<pad>"),
  word_delimiter_token: z.string().default("|"),
  cleanup: z.boolean().default(true),
});

/** @throws PippinError `TOKENIZER_UNSUPPORTED_COMPONENT`, `TOKENIZER_BROKEN_FILE`. */
export function compileDecoder(builder: Builder, decoder: Component | null): void {
  if (decoder === null) builder.decoders.push([DECODE.joinSpaces]);
  else add(builder, decoder);
}

function add(builder: Builder, decoder: Component): void {
  const file = `tokenizer.json, decoder ${decoder.type}`;
  const { decoders } = builder;
  switch (decoder.type) {
    case "Sequence":
      for (const one of stagesIn(decoder, "decoders")) add(builder, one);
      return;
    case "ByteLevel":
      decoders.push([DECODE.byteLevel]);
      return;
    case "Replace": {
      const { pattern, content } = parseShape(Replace, decoder, file);
      const regex = "Regex" in pattern ? pattern.Regex : literal(pattern.String);
      decoders.push([DECODE.replace, builder.regex(regex), builder.string(content)]);
      return;
    }
    case "ByteFallback":
      decoders.push([DECODE.byteFallback]);
      return;
    case "Fuse":
      decoders.push([DECODE.fuse]);
      return;
    case "Strip": {
      const { content, start, stop } = parseShape(Strip, decoder, file);
      decoders.push([DECODE.strip, builder.string(content), start, stop]);
      return;
    }
    case "Metaspace": {
      const { replacement, prepend_scheme } = parseShape(Metaspace, decoder, file);
      decoders.push([DECODE.metaspace, builder.string(replacement), prepend_scheme === "never" ? 0 : 1]);
      return;
    }
    case "WordPiece": {
      const { prefix, cleanup } = parseShape(WordPiece, decoder, file);
      decoders.push([DECODE.wordPiece, builder.string(prefix), cleanup ? 1 : 0]);
      return;
    }
    case "BPEDecoder":
      decoders.push([DECODE.bpe, builder.string(parseShape(Bpe, decoder, file).suffix)]);
      return;
    case "CTC": {
      const { pad_token, word_delimiter_token, cleanup } = parseShape(Ctc, decoder, file);
      const operands = [builder.string(pad_token), builder.string(word_delimiter_token), cleanup ? 1 : 0];
      decoders.push([DECODE.ctc, ...operands]);
      return;
    }
    default:
      throw unsupported("decoder", decoder.type);
  }
}
