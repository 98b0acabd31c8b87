import type { WeightExpr } from "../weight-expr.ts";
import type { ThreadError } from "./threads.ts";

/** How a matrix is held. */
export type KeepDtype = "F16" | "BF16" | "F32";

/** Rows of x that go through the threads at once. */
export const MAX_BLOCK_ROWS = 64;
/** Bytes of x and y that threads share: one block. Pages that are never touched cost nothing. */
export const SHARED_X_BYTES: number = 4 * 1024 * 1024;
export const SHARED_Y_BYTES: number = 16 * 1024 * 1024;

/** Words of the control array; each thread's own word lies on a cache line of its own. */
export const TICKET = 0;
/** Products asked for so far. */
export const JOBS = 1;
/** The product asked for last: number of the matrix, rows of x. */
export const JOB_MATRIX = 2;
export const JOB_ROWS = 3;
/** 1: the load under way is to stop. */
export const LOAD_STOPPED = 4;
const WORDS_PER_LINE = 16;

export const CONTROL_BYTES: (helpers: number) => number = (helpers) => 4 * WORDS_PER_LINE * (helpers + 1);

/** The word in which helper `index` says how many products it has finished, or `HELPER_FAILED`. */
export function finishedWord(index: number): number {
  return WORDS_PER_LINE * (index + 1);
}

export const HELPER_FAILED = -1;

/** The word in which helper `index` finds how many messages have been posted to it. */
export function postedWord(index: number): number {
  return finishedWord(index) + 1;
}

export interface PoolWorkerData {
  readonly kind: "pool";
  readonly index: number;
  readonly control: Int32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Rows `begin` to `end` of a matrix: a thread's share. */
export interface Share {
  readonly begin: number;
  readonly end: number;
}

export type MatrixContent =
  | { readonly kind: "expr"; readonly expr: WeightExpr; readonly keep: KeepDtype }
  /** The share's rows only. */
  | { readonly kind: "values"; readonly values: Float32Array };

export interface LoadMessage {
  readonly id: string;
  /** The number that products name the matrix by. */
  readonly number: number;
  readonly rows: number;
  readonly cols: number;
  readonly share: Share;
  readonly content: MatrixContent;
}

export interface LoadReply {
  readonly number: number;
  readonly error?: ThreadError;
}

/** Waits until word `index` is no longer `value`: spins for a moment, then sleeps. */
export function waitWhile(control: Int32Array, index: number, value: number): void {
  for (let spin = 0; spin < SPINS; spin++) {
    if (Atomics.load(control, index) !== value) return;
  }
  Atomics.wait(control, index, value);
}

/** Some 300 µs: longer than a decoder's work between two products. */
const SPINS = 50_000;
