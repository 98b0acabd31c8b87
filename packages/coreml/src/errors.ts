import { PippinError, type PippinErrorOptions } from "@pippin/core";

/** Codes thrown by `@pippin/coreml`. */
export type CoremlErrorCode =
  /** The protobuf cannot be parsed. */
  | "COREML_PROTO_MALFORMED"
  /** Manifest.json is missing, not JSON, or does not describe a model item. */
  | "COREML_MANIFEST_INVALID"
  /** The package's model is not an ML Program. */
  | "COREML_NOT_AN_ML_PROGRAM"
  /** weight.bin is missing, cut off, or a record in it contradicts the program. */
  | "COREML_WEIGHTS_INVALID"
  /** The program breaks a rule of MIL: an undefined name, a value without content, a wrong type. */
  | "COREML_PROGRAM_INVALID"
  /** The program uses an operation or a form of it that this reader or runner does not know. */
  | "COREML_OP_UNSUPPORTED"
  /** The model means something that this backend cannot express. */
  | "COREML_SPEC_UNSUPPORTED"
  /** A package has no weight that could be compressed. */
  | "COREML_NOTHING_TO_COMPRESS"
  /** Two options contradict each other, or an option contradicts the model. */
  | "COREML_OPTION_INVALID"
  /** More tokens than the package's context holds. */
  | "COREML_CONTEXT_FULL"
  /** A token id outside the vocabulary. */
  | "COREML_TOKEN_OUT_OF_RANGE"
  /** The package has no role of that name. */
  | "COREML_ROLE_UNKNOWN"
  /** The package lacks the manifest that says how to drive it. */
  | "COREML_NO_RUNTIME_MANIFEST";

export function coremlError(
  code: CoremlErrorCode,
  options: PippinErrorOptions,
): PippinError<CoremlErrorCode> {
  return new PippinError(code, options);
}
