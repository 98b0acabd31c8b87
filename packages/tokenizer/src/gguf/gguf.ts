import { unsupported } from "../tokenizer-json.ts";
import { byteLevelStages } from "./byte-level.ts";
import { flagAt, type GgufMetadata, idAt, required, stringAt, stringsAt } from "./metadata.ts";
import { sentencePieceStages } from "./sentencepiece.ts";
import { addedTokensOf, readVocabulary } from "./vocabulary.ts";

export type { GgufMetadata };

/** The JSON values of the files that a Hugging Face folder would hold. */
export interface GgufTokenizer {
  readonly tokenizerJson: object;
  /** Special tokens and the chat template. */
  readonly tokenizerConfig: object;
  /** `eos_token_id`: every end that the file names. */
  readonly generationConfig: object;
}

/**
 * Builds the tokenizer files of a model from the `tokenizer.*` keys of its GGUF file.
 *
 * @throws PippinError `TOKENIZER_GGUF_BROKEN` when keys are missing; `TOKENIZER_UNSUPPORTED_COMPONENT` for models
 * other than `gpt2` and `llama`, and for pre-tokenizers without a known definition.
 */
export function tokenizerFromGguf(metadata: GgufMetadata): GgufTokenizer {
  const vocabulary = readVocabulary(metadata);
  const { stages, addBos } = stagesOf(metadata, vocabulary);
  const { bos_token: bos, eos_token: eos } = vocabulary.special;
  const begin = bos !== undefined && (flagAt(metadata, "tokenizer.ggml.add_bos_token") ?? addBos);
  const end = eos !== undefined && (flagAt(metadata, "tokenizer.ggml.add_eos_token") ?? false);
  const chatTemplate = chatTemplateOf(metadata);
  return {
    tokenizerJson: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: addedTokensOf(vocabulary),
      ...stages,
      post_processor: postProcessor(vocabulary.tokens, begin ? bos : undefined, end ? eos : undefined),
    },
    tokenizerConfig: {
      add_bos_token: begin,
      add_eos_token: end,
      ...vocabulary.special,
      ...(chatTemplate === undefined ? {} : { chat_template: chatTemplate }),
      clean_up_tokenization_spaces: false,
      tokenizer_class: "PreTrainedTokenizerFast",
    },
    generationConfig: generationConfig(metadata),
  };
}

function stagesOf(
  metadata: GgufMetadata,
  vocabulary: ReturnType<typeof readVocabulary>,
): { stages: object; addBos: boolean } {
  const model = required(stringAt(metadata, "tokenizer.ggml.model"), "tokenizer.ggml.model");
  switch (model) {
    case "gpt2":
      return byteLevelStages(metadata, vocabulary);
    case "llama":
      return sentencePieceStages(metadata, vocabulary);
    default:
      throw unsupported("tokenizer.ggml.model", model);
  }
}

/** BOS and EOS around a text and around each of a pair, as transformers writes it. */
function postProcessor(
  tokens: readonly string[],
  bos: string | undefined,
  eos: string | undefined,
): object | null {
  const added = [bos, eos].filter((token) => token !== undefined);
  if (added.length === 0) return null;
  const around = (id: "A" | "B", type_id: number): object[] => [
    ...(bos === undefined ? [] : [{ SpecialToken: { id: bos, type_id } }]),
    { Sequence: { id, type_id } },
    ...(eos === undefined ? [] : [{ SpecialToken: { id: eos, type_id } }]),
  ];
  return {
    type: "TemplateProcessing",
    single: around("A", 0),
    pair: [...around("A", 0), ...around("B", 1)],
    special_tokens: Object.fromEntries(
      added.map((token) => [token, { id: token, ids: [tokens.indexOf(token)], tokens: [token] }]),
    ),
  };
}

/** One template, or a list when the file holds `tokenizer.chat_template.NAME` beside the default. */
function chatTemplateOf(metadata: GgufMetadata): string | { name: string; template: string }[] | undefined {
  const template = stringAt(metadata, "tokenizer.chat_template");
  const names = stringsAt(metadata, "tokenizer.chat_templates") ?? [];
  if (template === undefined || names.length === 0) return template;
  const named = names.map((name) => {
    const key = `tokenizer.chat_template.${name}`;
    return { name, template: required(stringAt(metadata, key), key) };
  });
  return [{ name: "default", template }, ...named];
}

function generationConfig(metadata: GgufMetadata): object {
  const bos = idAt(metadata, "tokenizer.ggml.bos_token_id");
  const keys = ["eos_token_id", "eot_token_id", "eom_token_id"].map((name) => `tokenizer.ggml.${name}`);
  const ends = new Set(keys.map((key) => idAt(metadata, key)).filter((id) => id !== undefined));
  return {
    ...(bos === undefined ? {} : { bos_token_id: bos }),
    eos_token_id: [...ends].sort((a, b) => a - b),
  };
}
