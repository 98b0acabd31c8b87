import { z } from "zod";
import { NONE, NORMALIZE, SECTION } from "../image/layout.ts";
import { type Component, parseShape, stagesIn, unsupported } from "../tokenizer-json.ts";
import {
  characterMap,
  chineseCharacters,
  normalFormTables,
  removedAccents,
} from "../unicode/normalization.ts";
import { type Builder, literal } from "./builder.ts";
import { compileCharsmap } from "./charsmap.ts";
import { Pattern } from "./components.ts";
import { codePointMapSection, codePointTableSection } from "./tables.ts";

const Prepend = z.looseObject({ prepend: z.string() });
const Replace = z.looseObject({ pattern: Pattern, content: z.string() });
const Precompiled = z.looseObject({ precompiled_charsmap: z.string() });
const Strip = z.looseObject({ strip_left: z.boolean(), strip_right: z.boolean() });
const Bert = z.looseObject({
  clean_text: z.boolean(),
  handle_chinese_chars: z.boolean(),
  strip_accents: z.boolean().nullish(),
  lowercase: z.boolean(),
});

/** @throws PippinError `TOKENIZER_UNSUPPORTED_COMPONENT`, `TOKENIZER_UNSUPPORTED_REGEX`, `TOKENIZER_BROKEN_FILE`. */
export function compileNormalizer(builder: Builder, normalizer: Component | null): void {
  if (normalizer === null) return;
  const file = `tokenizer.json, normalizer ${normalizer.type}`;
  const ops = builder.normalizers;
  const map = (entries: ReadonlyMap<number, string>): void => {
    ops.push([NORMALIZE.map, builder.codePointMap(entries)]);
  };
  switch (normalizer.type) {
    case "Sequence":
      for (const one of stagesIn(normalizer, "normalizers")) compileNormalizer(builder, one);
      return;
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD":
      addForm(builder, normalizer.type);
      return;
    case "Lowercase":
      map(characterMap("lowercase"));
      return;
    case "Nmt":
      map(characterMap("nmt"));
      return;
    case "StripAccents":
      map(removedAccents("StripAccents"));
      return;
    case "Prepend":
      ops.push([NORMALIZE.prepend, builder.string(parseShape(Prepend, normalizer, file).prepend)]);
      return;
    case "Replace": {
      const { pattern, content } = parseShape(Replace, normalizer, file);
      const regex = "Regex" in pattern ? pattern.Regex : literal(pattern.String);
      ops.push([NORMALIZE.replace, builder.regex(regex), builder.string(content)]);
      return;
    }
    case "Strip": {
      const { strip_left, strip_right } = parseShape(Strip, normalizer, file);
      ops.push([NORMALIZE.strip, strip_left ? 1 : 0, strip_right ? 1 : 0]);
      return;
    }
    case "Precompiled": {
      const { precompiled_charsmap } = parseShape(Precompiled, normalizer, file);
      ops.push([NORMALIZE.charsmap, ...compileCharsmap(builder, precompiled_charsmap)]);
      return;
    }
    case "ByteLevel":
      ops.push([NORMALIZE.byteAlphabet]);
      return;
    case "BertNormalizer": {
      const options = parseShape(Bert, normalizer, file);
      if (options.clean_text) map(characterMap("bertCleanText"));
      if (options.handle_chinese_chars) {
        const table = new Map(chineseCharacters().map((point) => [point, 1]));
        ops.push([NORMALIZE.pad, builder.writer.add(SECTION.combining, codePointTableSection(table))]);
      }
      if (options.strip_accents ?? options.lowercase) {
        addForm(builder, "NFD");
        map(removedAccents("BertNormalizer"));
      }
      if (options.lowercase) map(characterMap("lowercase"));
      return;
    }
    default:
      throw unsupported("normalizer", normalizer.type);
  }
}

function addForm(builder: Builder, form: "NFC" | "NFD" | "NFKC" | "NFKD"): void {
  const { decompositions, combining, compositions } = normalFormTables(form);
  const { writer } = builder;
  builder.normalizers.push([
    NORMALIZE.form,
    writer.add(SECTION.codePoints, codePointMapSection(decompositions)),
    writer.add(SECTION.combining, codePointTableSection(combining)),
    compositions === undefined ? NONE : writer.add(SECTION.compositions, compositions),
  ]);
}
