import { PippinError, type PippinErrorOptions } from "@pippin/core";

/** Codes thrown by `@pippin/swift-codegen`. */
export type SwiftErrorCode =
  /** `--name` is no Swift identifier, or a word that Swift, Apple or the runtime already uses. */
  | "SWIFT_NAME_INVALID"
  /** The options contradict each other, or the address of the weights cannot be used. */
  | "SWIFT_OPTION_INVALID"
  /** A file that the manifest lists is missing or not as large as it says, or its bytes have another hash. */
  | "SWIFT_PACKAGE_DAMAGED"
  /** The output folder holds files that would be lost. */
  | "SWIFT_OUTPUT_FOREIGN"
  /** What the backend says of its Swift engine cannot be written into Swift. */
  | "SWIFT_BINDINGS_INVALID"
  /** The hand-written runtime is not beside this package's code. */
  | "SWIFT_RUNTIME_MISSING";

export function swiftError(code: SwiftErrorCode, options: PippinErrorOptions): PippinError<SwiftErrorCode> {
  return new PippinError(code, options);
}
