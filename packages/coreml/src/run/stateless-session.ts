import type { EvaluateOptions, FeedOptions, ManifestFunction, Session } from "@pippin/core";
import { call, checkTokens, type Driver } from "./driver.ts";

/** Computes the whole sequence at each call. */
export class StatelessSession implements Session {
  readonly #driver: Driver;
  readonly #fn: ManifestFunction;
  #tokens: readonly number[] = [];

  constructor(driver: Driver) {
    this.#driver = driver;
    this.#fn = driver.manifest.functions[0]!;
  }

  get length(): number {
    return this.#tokens.length;
  }

  rewind(length: number): void {
    this.#tokens = this.#tokens.slice(0, Math.max(0, length));
  }

  async feed(
    tokens: readonly number[],
    { rows = "last", ...options }: FeedOptions & EvaluateOptions = {},
  ): Promise<Float32Array> {
    checkTokens(tokens, this.length, this.#driver);
    const whole = [...this.#tokens, ...tokens];
    const count = whole.length;
    const size = typeof this.#fn.tokens === "number" ? this.#fn.tokens : count;
    const padded = new Int32Array(size);
    padded.set(whole);
    const attentionMask = Int32Array.from(padded, (_, index) => (index < count ? 1 : 0));
    const roles = { tokens: padded, attentionMask };
    const given = { ...options, roles, states: new Map(), count, position: 0 };
    const logits = await call(this.#driver, this.#fn, given);
    const width = this.#driver.manifest.model.vocabSize;
    const first = rows === "all" ? this.length : count - 1;
    this.#tokens = whole;
    return logits.slice(first * width, count * width);
  }
}
