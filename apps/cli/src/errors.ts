import { isPippinError, PippinError } from "@pippin/core";

/** Codes thrown by the command line itself; bin/pippin.js adds `CLI_NODE_TOO_OLD` and `CLI_NOT_BUILT`. */
export type CliErrorCode =
  /** An option or argument cannot be used as given. Exit status 2. */
  | "CLI_USAGE"
  /** pippin.json is not valid. */
  | "CLI_CONFIG_INVALID"
  /** A backend named in the config cannot be loaded. */
  | "CLI_BACKEND_UNUSABLE"
  /** The path is neither a package of a known backend nor a model. */
  | "CLI_NOT_A_PACKAGE"
  /** The package cannot be executed here, or has no tokenizer. */
  | "CLI_CANNOT_RUN"
  /** The package's backend does not compress packages that exist. */
  | "CLI_CANNOT_QUANTIZE"
  /** Nothing that is known could run the package in an app. */
  | "CLI_NO_SWIFT"
  /** The model is neither on this machine nor on the Hub. */
  | "CLI_MODEL_NOT_FOUND"
  /** The model's licence has terms that nobody has accepted yet. */
  | "CLI_LICENSE_NOT_ACCEPTED"
  /** An error that nobody threw on purpose: a fault of Pippin or of a backend. */
  | "CLI_UNEXPECTED";

export function usageError(message: string, hint: string): PippinError<CliErrorCode> {
  return new PippinError("CLI_USAGE", { message, hint });
}

/** Errors that a change of the command line mends, also those of a package that reads a flag's text. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  "CLI_USAGE",
  "PLAN_DEVICE_UNKNOWN",
  "PLAN_LENGTH_INVALID",
  "SWIFT_NAME_INVALID",
  "SWIFT_OPTION_INVALID",
  "VERIFY_CONDITION_INVALID",
  "VERIFY_METRIC_UNKNOWN",
]);

export function isUsageError(error: unknown): boolean {
  return isPippinError(error) && USAGE_CODES.has(error.code);
}
