import { PippinError, type PippinErrorOptions } from "@pippin/core";

/** Codes thrown by `@pippin/decoder`. */
export type DecoderErrorCode =
  /** config.json names no `model_type`, or one that no family here reads. */
  | "DECODER_MODEL_TYPE_UNKNOWN"
  /** config.json lacks a key or holds a value of the wrong kind. */
  | "DECODER_CONFIG_INVALID"
  /** The config asks for something that `DecoderSpec` cannot express. */
  | "DECODER_FEATURE_UNSUPPORTED"
  /** The checkpoint lacks a tensor that the model needs. */
  | "DECODER_TENSOR_MISSING"
  /** The checkpoint holds a tensor that nothing uses: the model means more than was understood. */
  | "DECODER_TENSOR_UNUSED"
  /** A tensor's shape is not what the config says. */
  | "DECODER_TENSOR_SHAPE"
  /** A tensor's dtype cannot be widened to float. */
  | "DECODER_TENSOR_DTYPE"
  /** An exponent of `rescale` is out of range. */
  | "DECODER_RESCALE_INVALID"
  /** There is no weight of that role. */
  | "DECODER_ROLE_UNKNOWN"
  /** More tokens than the reference pass may hold. */
  | "DECODER_CONTEXT_FULL"
  /** A token id outside the vocabulary. */
  | "DECODER_TOKEN_OUT_OF_RANGE";

/** A value from a config as messages show it: short, and without control characters. */
export function quoted(value: unknown): string {
  return JSON.stringify(typeof value === "string" ? value.slice(0, 100) : `a value of type ${typeof value}`);
}

export function decoderError(
  code: DecoderErrorCode,
  options: PippinErrorOptions,
): PippinError<DecoderErrorCode> {
  return new PippinError(code, options);
}

export function roleUnknown(role: string): PippinError<DecoderErrorCode> {
  return decoderError("DECODER_ROLE_UNKNOWN", {
    message: `the model has no weight "${role}"`,
    hint: "weightRoles(spec) lists the roles that a spec needs.",
  });
}
