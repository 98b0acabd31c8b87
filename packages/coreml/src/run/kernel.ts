import type { Data, Tensor } from "./value.ts";

/** What a kernel sees of the program: the operands of its operation by parameter name, and room for results. */
export interface Operands {
  tensor(name: string): Tensor;
  /** `undefined` when the parameter was not written. */
  optional(name: string): Tensor | undefined;
  /** A parameter that is a tuple. */
  list(name: string): readonly Tensor[];
  number(name: string, fallback?: number): number;
  flag(name: string, fallback: boolean): boolean;
  numbers(name: string): ArrayLike<number>;
  text(name: string, fallback: string): string;
  /** The memory of a state, which the kernel may change. */
  state(name: string): Tensor;
  /** An array for a result. It holds what an earlier result left: the kernel fills it. */
  newFloats(count: number): Float32Array;
  /** The same with the element kind of `data`. */
  newLike(data: Data, count: number): Data;
  /**
   * Lets the event loop turn, in the middle of a long operation.
   *
   * @throws PippinError `CORE_CANCELLED`.
   */
  turn(): Promise<void>;
}

export type KernelResult = Tensor | Tensor[];

/**
 * Computes one operation. Results never share memory with operands, except those of the operations in `VIEWS`
 * (liveness.ts). A promise only where the work is long.
 */
export type Kernel = (operands: Operands) => KernelResult | Promise<KernelResult>;
export type KernelTable = Readonly<Record<string, Kernel>>;

/** Products (multiply and add) in the time between two turns of the event loop: some 100 ms. */
const TURN_PRODUCTS = 100e6;

/** Work that falls into `count` equal parts of `cost` products each. */
export interface Parts {
  readonly count: number;
  readonly cost: number;
  run(begin: number, end: number): void;
}

/** Does all parts, then gives `result`: at once, or with turns of the event loop between where that takes long. */
export function inTurns<T>(p: Operands, parts: Parts, result: T): T | Promise<T> {
  const atOnce = Math.max(1, Math.floor(TURN_PRODUCTS / Math.max(1, parts.cost)));
  if (parts.count > atOnce) return runInTurns(p, parts, { atOnce, result });
  parts.run(0, parts.count);
  return result;
}

async function runInTurns<T>(
  p: Operands,
  { count, run }: Parts,
  { atOnce, result }: { atOnce: number; result: T },
): Promise<T> {
  for (let begin = 0; begin < count; begin += atOnce) {
    run(begin, Math.min(count, begin + atOnce));
    await p.turn();
  }
  return result;
}
