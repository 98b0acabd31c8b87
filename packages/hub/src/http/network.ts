import { setTimeout as wait } from "node:timers/promises";

/** What requests are made with, and how patient they are. */
export interface Network {
  readonly fetch: typeof fetch;
  /** Waits between attempts; rejects when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 to 1: spreads the attempts of many clients. */
  readonly random: () => number;
  /** A connection that brings no byte for so long counts as broken. */
  readonly stallMs: number;
  /** Attempts that bring nothing, one after the other, before it is an error. */
  readonly maxAttempts: number;
}

export const DEFAULT_NETWORK: Network = {
  fetch: (input, init) => fetch(input, init),
  sleep: async (milliseconds, signal) => {
    await wait(milliseconds, undefined, signal === undefined ? {} : { signal });
  },
  random: Math.random,
  stallMs: 30_000,
  maxAttempts: 6,
};
