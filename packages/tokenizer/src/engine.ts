import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { brokenFile, type Component, stagesIn, type TokenizerJson, unsupported } from "./tokenizer-json.ts";

/** What encodes text and knows the vocabulary. `@huggingface/tokenizers` for the time being. */
export interface Engine {
  /** One more than the highest id. */
  readonly vocabSize: number;
  encode(text: string, addSpecialTokens: boolean): number[];
  idOf(token: string): number | undefined;
  tokenOf(id: number): string | undefined;
}

/** @throws PippinError `TOKENIZER_UNSUPPORTED_COMPONENT`, `TOKENIZER_BROKEN_FILE`. */
export function createEngine(json: TokenizerJson, eosToken: string | undefined): Engine {
  const tokenizer = load({ ...json, pre_tokenizer: adapt(json.pre_tokenizer) }, { eos_token: eosToken });
  return {
    vocabSize: tokenizer.model?.vocab.length ?? 0,
    encode: (text, addSpecialTokens) => tokenizer.encode(text, { add_special_tokens: addSpecialTokens }).ids,
    idOf: (token) => tokenizer.token_to_id(token),
    tokenOf: (id) => tokenizer.id_to_token(id),
  };
}

function load(json: object, config: object): HuggingFaceTokenizer {
  try {
    return new HuggingFaceTokenizer(json, config);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const [, stage, type] = /^Unknown (\w+) type: (.*)$/.exec(message) ?? [];
    throw stage && type ? unsupported(stage, type, cause) : brokenFile("tokenizer.json", message, cause);
  }
}

/** GPT-2's split, which `ByteLevel` with `use_regex` stands for. */
export const GPT2_SPLIT =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/**
 * Spells pre-tokenizers that the engine executes with JavaScript's `\d` and `\s`, or without their `split`, as the
 * regular expressions that the reference executes.
 */
function adapt(preTokenizer: Component | null): Component | null {
  switch (preTokenizer?.type) {
    case "Sequence":
      return { ...preTokenizer, pretokenizers: stagesIn(preTokenizer, "pretokenizers").map(adapt) };
    case "Digits":
      return split(preTokenizer.individual_digits ? "\\p{N}" : "\\p{N}+");
    case "ByteLevel":
      if (preTokenizer.use_regex === false || preTokenizer.add_prefix_space) return preTokenizer;
      return sequence(split(GPT2_SPLIT), { ...preTokenizer, use_regex: false });
    case "Metaspace": {
      if (preTokenizer.split === false) return preTokenizer;
      const mark = String(preTokenizer.replacement ?? "▁");
      return sequence(preTokenizer, { ...split(`${mark}[^${mark}]*|[^${mark}]+`), invert: true });
    }
    default:
      return preTokenizer;
  }
}

function split(regex: string): Component {
  return { type: "Split", pattern: { Regex: regex }, behavior: "Isolated", invert: false };
}

function sequence(...pretokenizers: readonly Component[]): Component {
  return { type: "Sequence", pretokenizers };
}
