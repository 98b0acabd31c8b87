/** Codes thrown by `@pippin/tokenizer`. */
export type TokenizerErrorCode =
  /** A model folder has no tokenizer.json. */
  | "TOKENIZER_MISSING"
  /** A tokenizer file is unreadable, not JSON, or not of the expected shape. */
  | "TOKENIZER_BROKEN_FILE"
  /** A tokenizer names a model, normalizer, pre-tokenizer or decoder that cannot be executed. */
  | "TOKENIZER_UNSUPPORTED_COMPONENT"
  /** A regular expression of a tokenizer uses something that cannot be executed exactly. */
  | "TOKENIZER_UNSUPPORTED_REGEX"
  /** A chat template uses something that cannot be executed exactly. */
  | "TOKENIZER_UNSUPPORTED_TEMPLATE"
  /** A compiled tokenizer is cut off, changed, or none at all. */
  | "TOKENIZER_IMAGE_BROKEN"
  /** The tokenizer keys of a GGUF file are missing or contradict each other. */
  | "TOKENIZER_GGUF_BROKEN"
  /** A tokenizer file could not be written. */
  | "TOKENIZER_UNWRITABLE"
  /** The chat template cannot be parsed or executed. */
  | "TOKENIZER_TEMPLATE_BROKEN"
  /** The chat template itself refused the conversation with `raise_exception`. */
  | "TOKENIZER_TEMPLATE_REFUSED";
