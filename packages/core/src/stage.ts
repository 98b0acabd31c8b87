import { type CoreErrorCode, PippinError } from "./errors.ts";

/** What a long operation says while it works. `done` and `total` count in `unit`. */
export interface ProgressEvent {
  /** The stage that reports: `convert`, `verify`, … */
  readonly stage: string;
  readonly unit: "bytes" | "tensors" | "tokens" | "files" | "steps";
  readonly done: number;
  /** Absent while it is not known. */
  readonly total?: number;
  /** What is being worked on: a tensor or file name. */
  readonly item?: string;
}

/** A finding that does not stop the work: the CLI prints it, a library never does. */
export interface Warning {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** What every stage receives beside its input and options. */
export interface StageContext {
  /** Cancels the stage; it then throws `CORE_CANCELLED` and leaves nothing half-written. */
  readonly signal?: AbortSignal;
  readonly progress?: (event: ProgressEvent) => void;
  readonly warn?: (warning: Warning) => void;
}

/** A stage: an async function from input and options to an artifact. */
export type Stage<Input, Options, Output> = (
  input: Input,
  options: Options,
  context?: StageContext,
) => Promise<Output>;

/** Throws `CORE_CANCELLED` when the context's signal is aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new PippinError<CoreErrorCode>("CORE_CANCELLED", {
      message: "the operation was cancelled",
      hint: "Nothing was left half-written; run the command again to start over.",
      cause: signal.reason,
    });
  }
}
