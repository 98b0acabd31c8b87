export interface Signals {
  readonly signal: AbortSignal;
  /** What Ctrl-C does, for those who read the keyboard themselves. */
  interrupt(): void;
  stop(): void;
}

/** Ctrl-C, an end asked for, and a terminal that is closed. */
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The first Ctrl-C cancels in good order; the second ends the process at once. */
export function watchSignals(): Signals {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Error("interrupted"));
  };
  for (const name of ENDING) process.on(name, interrupt);
  return {
    signal: controller.signal,
    interrupt,
    stop() {
      for (const name of ENDING) process.off(name, interrupt);
    },
  };
}
