import { z } from "zod";
import { BEHAVIOR, PRE_TOKENIZE } from "../image/layout.ts";
import { type Component, parseShape, stagesIn, unsupported } from "../tokenizer-json.ts";
import { characterClass } from "../unicode/expressions.ts";
import { scriptRuns } from "../unicode/segments.ts";
import { type Builder, literal } from "./builder.ts";
import { Character, Pattern } from "./components.ts";

/** GPT-2's split, which `ByteLevel` with `use_regex` stands for. */
export const GPT2_SPLIT =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

const BEHAVIORS = {
  Removed: BEHAVIOR.removed,
  Isolated: BEHAVIOR.isolated,
  MergedWithPrevious: BEHAVIOR.mergedWithPrevious,
  MergedWithNext: BEHAVIOR.mergedWithNext,
  Contiguous: BEHAVIOR.contiguous,
} as const;
const Behavior = z.enum(["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]);

const Split = z.looseObject({ pattern: Pattern, behavior: Behavior, invert: z.boolean().default(false) });
const ByteLevel = z.looseObject({
  add_prefix_space: z.boolean().default(false),
  use_regex: z.boolean().default(true),
});
const Metaspace = z.looseObject({
  replacement: Character.default("▁"),
  add_prefix_space: z.boolean().nullish(),
  prepend_scheme: z.enum(["always", "first", "never"]).default("always"),
  split: z.boolean().nullish(),
});
const Digits = z.looseObject({ individual_digits: z.boolean().default(false) });
const Punctuation = z.looseObject({ behavior: Behavior.default("Isolated") });
const Delimiter = z.looseObject({ delimiter: Character });
const FixedLength = z.looseObject({ length: z.number().int().positive() });

/** The stages of a pre-tokenizer, those inside of Sequences in their place. */
export function flatStages(preTokenizer: Component | null): readonly Component[] {
  if (preTokenizer === null) return [];
  if (preTokenizer.type !== "Sequence") return [preTokenizer];
  return stagesIn(preTokenizer, "pretokenizers").flatMap(flatStages);
}

/**
 * @param raw - pieces of the last stage, a `ByteLevel`, stay bytes.
 * @throws PippinError `TOKENIZER_UNSUPPORTED_COMPONENT`, `TOKENIZER_UNSUPPORTED_REGEX`, `TOKENIZER_BROKEN_FILE`.
 */
export function compilePreTokenizer(builder: Builder, preTokenizer: Component | null, raw: boolean): void {
  const stages = flatStages(preTokenizer);
  stages.forEach((stage, i) => {
    add(builder, stage, raw && i === stages.length - 1);
  });
}

function add(builder: Builder, stage: Component, raw: boolean): void {
  const file = `tokenizer.json, pre_tokenizer ${stage.type}`;
  const ops = builder.preTokenizers;
  const split = (regex: string, behavior: keyof typeof BEHAVIORS, invert = false): void => {
    ops.push([PRE_TOKENIZE.split, builder.regex(regex), BEHAVIORS[behavior], invert ? 1 : 0]);
  };
  switch (stage.type) {
    case "Split": {
      const { pattern, behavior, invert } = parseShape(Split, stage, file);
      split("Regex" in pattern ? pattern.Regex : literal(pattern.String), behavior, invert);
      return;
    }
    case "ByteLevel": {
      const { add_prefix_space, use_regex } = parseShape(ByteLevel, stage, file);
      if (add_prefix_space) ops.push([PRE_TOKENIZE.prepend, builder.string(" "), 0]);
      if (use_regex) split(GPT2_SPLIT, "Isolated");
      if (!raw) ops.push([PRE_TOKENIZE.byteAlphabet]);
      return;
    }
    case "Metaspace":
      addMetaspace(builder, parseShape(Metaspace, stage, file), split);
      return;
    case "Digits": {
      const { individual_digits } = parseShape(Digits, stage, file);
      split(characterClass("numeric"), individual_digits ? "Isolated" : "Contiguous");
      return;
    }
    case "Punctuation":
      split(characterClass("punctuation"), parseShape(Punctuation, stage, file).behavior);
      return;
    case "Whitespace":
      split(`${characterClass("word")}+|${characterClass("neitherWordNorSpace")}+`, "Removed", true);
      return;
    case "WhitespaceSplit":
      split("\\s", "Removed");
      return;
    case "BertPreTokenizer":
      split("\\s", "Removed");
      split(characterClass("bertPunctuation"), "Isolated");
      return;
    case "CharDelimiterSplit":
      split(literal(parseShape(Delimiter, stage, file).delimiter), "Removed");
      return;
    case "UnicodeScripts":
      ops.push([
        PRE_TOKENIZE.split,
        builder.regex("(runs of one script)", scriptRuns()),
        BEHAVIOR.removed,
        1,
      ]);
      return;
    case "FixedLength":
      split(`[\\s\\S]{1,${parseShape(FixedLength, stage, file).length}}`, "Isolated");
      return;
    default:
      throw unsupported("pre-tokenizer", stage.type);
  }
}

function addMetaspace(
  builder: Builder,
  options: z.infer<typeof Metaspace>,
  split: (regex: string, behavior: "MergedWithNext") => void,
): void {
  const mark = options.replacement;
  builder.preTokenizers.push([PRE_TOKENIZE.replace, builder.regex(literal(" ")), builder.string(mark)]);
  const scheme = options.add_prefix_space === false ? "never" : options.prepend_scheme;
  if (scheme !== "never") {
    builder.preTokenizers.push([PRE_TOKENIZE.prepend, builder.string(mark), scheme === "first" ? 1 : 0]);
  }
  if (options.split ?? true) split(literal(mark), "MergedWithNext");
}
