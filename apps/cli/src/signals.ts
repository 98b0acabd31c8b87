export interface Signals {
  readonly signal: AbortSignal;
  /** What Ctrl-C does, for those who read the keyboard themselves. */
  interrupt(): void;
  stop(): void;
}

/** The first Ctrl-C cancels in good order; the second ends the process at once. */
export function watchSignals(): Signals {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Error("interrupted"));
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return {
    signal: controller.signal,
    interrupt,
    stop() {
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", interrupt);
    },
  };
}
