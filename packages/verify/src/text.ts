import { type EvaluateOptions, type Runner, type StageContext, throwIfCancelled } from "@pippin/core";
import { Distribution } from "./distribution.ts";
import { checkPrompt, notFinite } from "./generate.ts";
import { FP16_MAX, LayerAudit, type LayerReport } from "./layers.ts";
import { allFinite } from "./logits.ts";
import { nextTurn } from "./next-turn.ts";
import { checkVocabularies, type RunnerPair } from "./parity.ts";
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

export interface TextOptions {
  /** How many windows there will be, for the progress; unknown by default. */
  readonly total?: number;
}

/** From this share of fp16's range on, an activation is worth a warning. */
const RANGE_WARNING = 1 / 4;

/**
 * Compares all logits of both models, and their layers where they show them, on windows that each start from nothing.
 *
 * Memory: logits and residual streams of one window, whatever the number of windows.
 *
 * @param windows - token ids, each window at least one and at most what both contexts hold.
 * @returns figures over all windows; `VERIFY_FP16_RANGE` goes to `context.warn` when values come near the end of fp16.
 * @throws PippinError `VERIFY_VOCABULARY_DIFFERS`, `VERIFY_PROMPT_INVALID`, `VERIFY_LOGITS_NOT_FINITE`, `CORE_CANCELLED`.
 */
export async function compareOnText(
  { reference, candidate }: RunnerPair,
  windows: Iterable<readonly number[]> | AsyncIterable<readonly number[]>,
  { total }: TextOptions = {},
  context: StageContext = {},
): Promise<TextReport> {
  checkVocabularies({ reference, candidate });
  const limit = Math.min(reference.contextLength, candidate.contextLength);
  const sums = new TextSums(reference.vocabSize);
  const audit = new LayerAudit();
  const progress = (done: number) =>
    context.progress?.({ stage: "text", unit: "steps", done, ...(total === undefined ? {} : { total }) });
  progress(0);
  for await (const window of windows) {
    await nextTurn();
    throwIfCancelled(context.signal);
    checkPrompt(window, 0, limit);
    const { signal } = context;
    audit.begin();
    const wanted = await logitsOf(reference, window, { signal, observer: audit.original });
    const got = await logitsOf(candidate, window, { signal, observer: audit.package(window.length) });
    // Where it overflowed says more than that it did.
    if (!allFinite(got)) warnOfRange(audit.report(), context);
    sums.add(window, wanted, got);
    progress(sums.windows);
  }
  const layers = audit.report();
  warnOfRange(layers, context);
  return { ...sums.report(), layers };
}

function logitsOf(
  runner: Runner,
  tokens: readonly number[],
  options: EvaluateOptions,
): Promise<Float32Array> {
  if (runner.evaluate) return runner.evaluate(tokens, options);
  return runner.start().feed(tokens, { signal: options.signal, rows: "all" });
}

function warnOfRange(report: LayerReport | null, { warn }: StageContext): void {
  const places = [
    ...(report?.layers ?? []).map(({ layer, range }) => ({ place: `layer ${layer}`, range })),
    { place: "the head", range: report?.head ?? null },
  ];
  const near = places.flatMap(({ place, range }) =>
    range !== null && range.share > RANGE_WARNING ? [{ place, range }] : [],
  );
  const [worst] = near.sort((a, b) => b.range.largest - a.range.largest);
  if (worst === undefined) return;
  const { largest, name, share } = worst.range;
  const found = Number.isFinite(largest)
    ? `reaches ${Math.round(largest)}, ${(100 * share).toFixed(0)} % of fp16's largest number`
    : "overflows fp16";
  const others = near.length > 1 ? `; ${near.length - 1} more come near it` : "";
  warn?.({
    code: "VERIFY_FP16_RANGE",
    message: `in ${worst.place}, ${name} ${found}, ${FP16_MAX}${others}`,
    hint: "Other texts may go beyond it, and a device may round and add in another order: test long prompts there.",
  });
}

class TextSums {
  readonly #width: number;
  readonly #kl = new Distribution();
  readonly #byPosition: { sum: number; count: number }[] = [];
  #max = 0;
  #abs = 0;
  #top1 = 0;
  #top5 = 0;
  #predicted = 0;
  #logProbability = { original: 0, package: 0 };
  windows = 0;

  constructor(width: number) {
    this.#width = width;
  }

  add(tokens: readonly number[], original: Float32Array, other: Float32Array): void {
    for (let position = 0; position < tokens.length; position++) {
      const row = [position * this.#width, (position + 1) * this.#width] as const;
      const [p, q] = [original.subarray(...row), other.subarray(...row)];
      if (!allFinite(p)) throw notFinite("the original model", position);
      if (!allFinite(q)) throw notFinite("the package", position);
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
