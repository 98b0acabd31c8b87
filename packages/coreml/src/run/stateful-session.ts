import {
  type EvaluateOptions,
  type FeedOptions,
  type ManifestFunction,
  type Session,
  throwIfCancelled,
} from "@pippin/core";
import { withAllRows } from "./all-rows.ts";
import { call, checkTokens, type Driver, manifestBroken } from "./driver.ts";
import type { States } from "./executable.ts";

/** The functions of a stateful package by what they are for. */
export interface StatefulFunctions {
  readonly decode: ManifestFunction;
  readonly prefill: ManifestFunction | undefined;
}

export function statefulFunctions({ manifest }: Pick<Driver, "manifest">): StatefulFunctions {
  const { functions } = manifest;
  const decode = functions.find((fn) => fn.tokens === 1);
  if (decode === undefined) throw manifestBroken("it has no function of one token");
  return { decode, prefill: functions.find((fn) => typeof fn.tokens === "number" && fn.tokens > 1) };
}

/** Compiles prefill once more, to give all rows; `undefined` where it does not choose one by the role `lastToken`. */
export async function addPrefillOfAllRows(driver: Driver): Promise<ManifestFunction | undefined> {
  const { prefill } = statefulFunctions(driver);
  if (prefill === undefined) return undefined;
  const fn = driver.executable.programs.get(prefill.name);
  const all = fn && withAllRows(fn, prefill);
  if (all === undefined) return undefined;
  const name = `${prefill.name}, all rows`;
  await driver.executable.add(name, all);
  return { ...prefill, name, logitsRows: "all" };
}

/** Sends prompts through `prefill` in pieces of its length, and what is left through `decode`, token by token. */
export class StatefulSession implements Session {
  readonly #driver: Driver;
  readonly #states: States;
  readonly #functions: StatefulFunctions;
  /** Positions that the cache holds. */
  readonly #slots: number;
  length = 0;

  constructor(driver: Driver) {
    this.#driver = driver;
    this.#states = driver.executable.newStates();
    this.#functions = statefulFunctions(driver);
    const { states } = driver.manifest;
    this.#slots = Math.min(...states.map(({ shape, layout }) => shape[layout.indexOf("position")] ?? 0));
  }

  rewind(length: number): void {
    this.length = Math.min(this.length, Math.max(0, length));
  }

  async feed(tokens: readonly number[], { signal, rows = "last" }: FeedOptions = {}): Promise<Float32Array> {
    // All rows come from `decode`, the function that answers; `evaluate` is the fast way.
    const prefill = rows === "last" ? this.#functions.prefill : undefined;
    const calls = await this.#run(tokens, { signal, prefill });
    return rows === "all" ? joined(calls) : calls.at(-1)!;
  }

  /** All rows of a text from an empty context. */
  async evaluate(
    tokens: readonly number[],
    options: EvaluateOptions & { readonly prefill: ManifestFunction | undefined },
  ): Promise<Float32Array> {
    this.rewind(0);
    return joined(await this.#run(tokens, options));
  }

  /** The logits of each call. */
  async #run(
    tokens: readonly number[],
    { prefill, ...options }: EvaluateOptions & { readonly prefill: ManifestFunction | undefined },
  ): Promise<Float32Array[]> {
    checkTokens(tokens, this.length, this.#driver);
    const rows: Float32Array[] = [];
    for (let done = 0; done < tokens.length; ) {
      throwIfCancelled(options.signal);
      const left = tokens.slice(done);
      const fn = this.#prefillPays(prefill, left.length) ? prefill! : this.#functions.decode;
      const taken = left.slice(0, fn.tokens as number);
      rows.push(await this.#call(fn, taken, options));
      done += taken.length;
      this.length += taken.length;
    }
    return rows;
  }

  /**
   * A call writes as many slots as the function has tokens, also those of padding, and takes about as long as half
   * as many calls of one token.
   */
  #prefillPays(prefill: ManifestFunction | undefined, count: number): boolean {
    const size = prefill?.tokens;
    return typeof size === "number" && 2 * count >= size && this.length + size <= this.#slots;
  }

  #call(fn: ManifestFunction, tokens: readonly number[], options: EvaluateOptions): Promise<Float32Array> {
    const padded = new Int32Array(fn.tokens as number);
    padded.set(tokens);
    const wanted = Int32Array.from(tokens, (_, index) => index);
    const roles = {
      tokens: padded,
      position: Int32Array.of(this.length),
      lastToken: fn.logitsRows === "all" ? wanted : wanted.subarray(-1),
    };
    const place = { count: tokens.length, position: this.length };
    return call(this.#driver, fn, { ...options, ...place, roles, states: this.#states });
  }
}

function joined(rows: readonly Float32Array[]): Float32Array {
  if (rows.length === 1) return rows[0]!;
  const all = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
  let offset = 0;
  for (const row of rows) {
    all.set(row, offset);
    offset += row.length;
  }
  return all;
}
