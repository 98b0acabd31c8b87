import type { FeedOptions, Runner, Session } from "@pippin/core";

/**
 * A runner whose sessions compute each text once: several packages are asked the same prompts, and the original's
 * answers do not depend on them.
 *
 * Memory: all rows of logits that were given, until the runner is dropped.
 */
export function remembering(runner: Runner): Runner {
  const known = new Map<string, Promise<Float32Array>>();
  return { ...delegated(runner), start: () => new RememberingSession(runner, known) };
}

/** Spelled out: the methods of a runner may live on its prototype. */
function delegated(runner: Runner): Omit<Runner, "start"> {
  const { vocabSize, contextLength, evaluate } = runner;
  return {
    vocabSize,
    contextLength,
    ...(evaluate && { evaluate: (tokens, options) => runner.evaluate!(tokens, options) }),
    close: () => runner.close(),
  };
}

class RememberingSession implements Session {
  readonly #runner: Runner;
  readonly #known: Map<string, Promise<Float32Array>>;
  /** Every feed so far: what has to be repeated when something is not known. */
  #fed: { readonly tokens: readonly number[]; readonly options: FeedOptions }[] = [];
  #session: Session | undefined;
  /** Feeds that `#session` has seen. */
  #done = 0;

  constructor(runner: Runner, known: Map<string, Promise<Float32Array>>) {
    this.#runner = runner;
    this.#known = known;
  }

  get length(): number {
    return this.#fed.reduce((sum, { tokens }) => sum + tokens.length, 0);
  }

  async feed(tokens: readonly number[], options: FeedOptions = {}): Promise<Float32Array> {
    this.#fed.push({ tokens, options });
    const key = JSON.stringify(this.#fed.map((each) => [each.options.rows ?? "last", each.tokens]));
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const rows = this.#compute();
    this.#known.set(key, rows);
    // A cancelled or failed feed is not an answer.
    rows.catch(() => this.#known.delete(key));
    return rows;
  }

  /** Feeds the session whatever it has not seen; returns the last rows. */
  async #compute(): Promise<Float32Array> {
    this.#session ??= this.#runner.start();
    let rows: Float32Array = new Float32Array();
    for (; this.#done < this.#fed.length; this.#done++) {
      const { tokens, options } = this.#fed[this.#done]!;
      rows = await this.#session.feed(tokens, options);
    }
    return rows;
  }

  rewind(length: number): void {
    let kept = 0;
    const before = this.#fed;
    this.#fed = [];
    for (const each of before) {
      if (kept >= length) break;
      const tokens = each.tokens.slice(0, length - kept);
      this.#fed.push({ ...each, tokens });
      kept += tokens.length;
    }
    this.#session = undefined;
    this.#done = 0;
  }
}
