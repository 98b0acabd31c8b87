/** Marks errors across copies of this package: two installed versions share the registry symbol, not the class. */
const BRAND = Symbol.for("pippin.error");

export interface PippinErrorOptions {
  /** One sentence: what was wanted, what was got, where. Lower case start, no full stop. */
  readonly message: string;
  /** What to do next. */
  readonly hint?: string | undefined;
  /** The same facts for machines; must be serializable and free of secrets. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
}

/**
 * Everything Pippin throws on purpose.
 *
 * `code` is stable and begins with the name of the package that owns it (`CHECKPOINT_TRUNCATED`); a third
 * party's backend adds codes of its own by naming them in `Code`.
 */
export class PippinError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: Code, options: PippinErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "PippinError";
    this.code = code;
    this.hint = options.hint;
    this.details = options.details;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Whether `error` is a `PippinError` of any installed copy of this package. */
export function isPippinError(error: unknown): error is PippinError {
  return typeof error === "object" && error !== null && BRAND in error;
}

/** Codes thrown by `@pippin/core` itself. */
export type CoreErrorCode =
  /** The signal of the stage context was aborted. */
  | "CORE_CANCELLED"
  /** A 64-bit size or offset does not fit a safe integer. */
  | "CORE_UNSAFE_INTEGER"
  /** A read reached past the end of a byte source. */
  | "CORE_READ_PAST_END"
  /** A file or folder does not exist or cannot be read. */
  | "CORE_FILE_UNREADABLE"
  /** The output exists and is not ours to replace without being told so. */
  | "CORE_OUTPUT_EXISTS"
  /** Another process is writing the same output. */
  | "CORE_OUTPUT_BUSY"
  /** The output could not be written. */
  | "CORE_OUTPUT_UNWRITABLE"
  /** A name from a file would leave the folder it must stay in. */
  | "CORE_PATH_ESCAPES";

/** Fails the exhaustiveness check at compile time and names the stray value at run time. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected value: ${JSON.stringify(value)}`);
}

/**
 * Narrows a 64-bit value read from a file.
 *
 * @throws PippinError `CORE_UNSAFE_INTEGER` beyond 2^53 - 1, which no real file reaches.
 */
export function safeNumber(value: bigint, what: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < 0n) {
    throw new PippinError<CoreErrorCode>("CORE_UNSAFE_INTEGER", {
      message: `${what} is ${value}, which is not a plausible size or offset`,
      hint: "The file is damaged or not of this format.",
      details: { what, value: String(value) },
    });
  }
  return Number(value);
}
