import { Distribution } from "./distribution.ts";
import { notFinite } from "./generate.ts";
import type { LayerReport } from "./layers.ts";
import { allFinite } from "./logits.ts";
import { compareRows } from "./rows.ts";

/** How closely two models agree on a text that is read in windows. */
export interface TextReport {
  readonly windows: number;
  /** Rows of logits compared: one for each token. */
  readonly positions: number;
  readonly logitError: { readonly max: number; readonly mean: number };
  /** Of the package from the original, in nats. */
  readonly klDivergence: {
    readonly mean: number;
    /** Within 1 %, like `p95`. */
    readonly median: number;
    readonly p95: number;
    /** Mean without the first token of each window, where many models keep what they need nowhere else. */
    readonly withoutFirst: number;
    /** Mean at each position of a window. */
    readonly byPosition: readonly number[];
  };
  /** Share of positions with the same most likely token. */
  readonly top1Agreement: number;
  /** Share of the original's five most likely tokens that are among the package's five, mean over positions. */
  readonly top5Agreement: number;
  /** e to the mean negative log probability of each next token within its window; NaN without such tokens. */
  readonly perplexity: { readonly original: number; readonly package: number };
  /** `null` when one of the runners cannot show its layers. */
  readonly layers: LayerReport | null;
}

/** Sums over windows, from which the figures of a text follow. */
export class TextSums {
  readonly #width: number;
  readonly #name: string;
  readonly #kl = new Distribution();
  readonly #byPosition: { sum: number; count: number }[] = [];
  #max = 0;
  #abs = 0;
  #top1 = 0;
  #top5 = 0;
  #predicted = 0;
  #logProbability = { original: 0, package: 0 };
  windows = 0;

  /**
   * @param width - of a row of logits.
   * @param name - of the package, for errors.
   */
  constructor(width: number, name: string) {
    this.#width = width;
    this.#name = name;
  }

  /** @throws PippinError `VERIFY_LOGITS_NOT_FINITE`. */
  add(tokens: readonly number[], original: Float32Array, other: Float32Array): void {
    for (let position = 0; position < tokens.length; position++) {
      const row = [position * this.#width, (position + 1) * this.#width] as const;
      const [p, q] = [original.subarray(...row), other.subarray(...row)];
      if (!allFinite(p)) throw notFinite("the original model", position);
      if (!allFinite(q)) throw notFinite(this.#name, position);
      const figures = compareRows(p, q, tokens[position + 1]);
      this.#max = Math.max(this.#max, figures.maxAbsError);
      this.#abs += figures.sumAbsError;
      this.#kl.add(figures.klDivergence);
      this.#top1 += Number(figures.top1Same);
      this.#top5 += figures.top5Overlap;
      const place = this.#byPosition[position] ?? { sum: 0, count: 0 };
      this.#byPosition[position] = place;
      place.sum += figures.klDivergence;
      place.count++;
      if (figures.logProbability === undefined) continue;
      this.#predicted++;
      this.#logProbability.original += figures.logProbability.original;
      this.#logProbability.package += figures.logProbability.package;
    }
    this.windows++;
  }

  report(): Omit<TextReport, "layers"> {
    const positions = this.#kl.count;
    const [first, ...rest] = this.#byPosition;
    const total = rest.reduce((sum, place) => sum + place.sum, 0);
    const perplexity = (sum: number) => Math.exp(-sum / this.#predicted);
    return {
      windows: this.windows,
      positions,
      logitError: { max: this.#max, mean: this.#abs / (positions * this.#width) },
      klDivergence: {
        mean: this.#kl.mean,
        median: this.#kl.quantile(0.5),
        p95: this.#kl.quantile(0.95),
        withoutFirst: total / (positions - (first?.count ?? 0)),
        byPosition: this.#byPosition.map(({ sum, count }) => sum / count),
      },
      top1Agreement: this.#top1 / positions,
      top5Agreement: this.#top5 / positions,
      perplexity: {
        original: perplexity(this.#logProbability.original),
        package: perplexity(this.#logProbability.package),
      },
    };
  }
}
