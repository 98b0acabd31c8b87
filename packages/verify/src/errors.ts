/** Codes thrown by `@pippin/verify`. */
export type VerifyErrorCode =
  /** The package and the weights it is compared with have vocabularies of different sizes. */
  | "VERIFY_VOCABULARY_DIFFERS"
  /** A prompt is empty or longer than the context. */
  | "VERIFY_PROMPT_INVALID"
  /** A threshold is not of the form `metric < number`. */
  | "VERIFY_CONDITION_INVALID"
  /** A threshold names a metric that does not exist. */
  | "VERIFY_METRIC_UNKNOWN"
  /** An option of sampling is out of its range. */
  | "VERIFY_SAMPLING_INVALID"
  /** A model returned NaN or infinite logits. */
  | "VERIFY_LOGITS_NOT_FINITE";
