import { type CoreErrorCode, PippinError } from "@pippin/core";

/** Ends a request that has become silent. */
export interface StallGuard {
  /** Aborted by the caller or by silence. */
  readonly signal: AbortSignal;
  readonly caller: AbortSignal | undefined;
  /** Something has arrived: the silence begins anew. */
  alive(): void;
  end(): void;
}

export function watch(stallMs: number, caller: AbortSignal | undefined): StallGuard {
  const silence = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: caller === undefined ? silence.signal : AbortSignal.any([caller, silence.signal]),
    caller,
    alive() {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(new Error(`nothing came for ${stallMs / 1000} s`)), stallMs);
    },
    end() {
      clearTimeout(timer);
    },
  };
}

export function cancelled(signal: AbortSignal): PippinError<CoreErrorCode> {
  return new PippinError("CORE_CANCELLED", {
    message: "the operation was cancelled",
    hint: "What was fetched stays; run the command again to go on from there.",
    cause: signal.reason,
  });
}
