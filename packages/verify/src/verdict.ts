import { PippinError } from "@pippin/core";
import type { VerifyErrorCode } from "./errors.ts";
import type { ParityReport } from "./parity.ts";
import type { TextReport } from "./text-sums.ts";

/** What a verdict looks at; `null` for what was not measured. */
export interface Figures {
  /** Of chat prompts. */
  readonly chat: ParityReport | null;
  readonly text: TextReport | null;
}

/** Every metric that a threshold can name, with its unit. */
export const METRICS = {
  kl: { about: "mean KL divergence on the text, nats", of: ({ text }) => text?.klDivergence.mean },
  "kl-median": { about: "its median", of: ({ text }) => text?.klDivergence.median },
  "kl-p95": { about: "its 95th percentile", of: ({ text }) => text?.klDivergence.p95 },
  "kl-rest": {
    about: "its mean without the first token of each window",
    of: ({ text }) => text?.klDivergence.withoutFirst,
  },
  "kl-chat": { about: "mean KL divergence on the prompts", of: ({ chat }) => chat?.klDivergence },
  "max-error": { about: "largest difference of logits", of: ({ text }) => text?.logitError.max },
  "mean-error": { about: "mean difference of logits", of: ({ text }) => text?.logitError.mean },
  top1: { about: "share of equal most likely tokens, 0 to 1", of: ({ text }) => text?.top1Agreement },
  top5: { about: "overlap of the five most likely, 0 to 1", of: ({ text }) => text?.top5Agreement },
  perplexity: { about: "of the package", of: ({ text }) => text?.perplexity.package },
  "perplexity-ratio": {
    about: "of the package to the original",
    of: ({ text }) => text && text.perplexity.package / text.perplexity.original,
  },
  greedy: {
    about: "share of equal greedy tokens after the prompts, 0 to 1",
    of: ({ chat }) => chat && chat.greedy.equal / chat.greedy.tokens,
  },
  "layer-error": {
    about: "largest relative error of a layer's output",
    of: ({ text }) => most(text?.layers?.layers.map(({ relativeError }) => relativeError)),
  },
  "layer-cosine": {
    about: "smallest cosine of a layer's output",
    of: ({ text }) => least(text?.layers?.layers.map(({ cosine }) => cosine)),
  },
  "fp16-range": {
    about: "largest value as a share of fp16's range",
    of: ({ text }) => most(rangesOf(text)),
  },
} as const satisfies Record<
  string,
  { readonly about: string; of(figures: Figures): number | null | undefined }
>;

export type MetricName = keyof typeof METRICS;

/** A threshold: it fails a package when it holds. */
export interface Condition {
  readonly metric: MetricName;
  readonly operator: "<" | "<=" | ">" | ">=";
  readonly limit: number;
}

export interface Verdict {
  readonly passed: boolean;
  readonly conditions: readonly (Condition & {
    /** `null` when it was not measured; then the condition counts as failed. */
    readonly value: number | null;
    readonly failed: boolean;
  })[];
}

/**
 * Reads `kl > 0.2`: a metric, one of `<`, `<=`, `>`, `>=`, and a decimal number.
 *
 * @throws PippinError `VERIFY_CONDITION_INVALID`, `VERIFY_METRIC_UNKNOWN`.
 */
export function parseCondition(text: string): Condition {
  const parts = /^\s*([A-Za-z][\w-]*)\s*(<=|>=|<|>)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*$/i.exec(
    text,
  );
  const limit = Number(parts?.[3]);
  if (parts === null || !Number.isFinite(limit)) {
    throw new PippinError<VerifyErrorCode>("VERIFY_CONDITION_INVALID", {
      message: `"${text}" is not a metric, one of < <= > >=, and a number`,
      hint: 'For example "kl > 0.2".',
      details: { text },
    });
  }
  const metric = parts[1]!.toLowerCase();
  if (!isMetric(metric)) {
    throw new PippinError<VerifyErrorCode>("VERIFY_METRIC_UNKNOWN", {
      message: `there is no metric "${parts[1]}"`,
      hint: `These are: ${Object.keys(METRICS).join(", ")}.`,
      details: { metric: parts[1], metrics: Object.keys(METRICS) },
    });
  }
  return { metric, operator: parts[2] as Condition["operator"], limit };
}

/** Whether none of the conditions holds. What was not measured, or is not a number, cannot pass. */
export function judge(figures: Figures, conditions: readonly Condition[]): Verdict {
  const judged = conditions.map((condition) => {
    const measured = METRICS[condition.metric].of(figures) ?? Number.NaN;
    const value = Number.isNaN(measured) ? null : measured;
    return { ...condition, value, failed: value === null || holds(value, condition) };
  });
  return { passed: judged.every(({ failed }) => !failed), conditions: judged };
}

function isMetric(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}

function holds(value: number, { operator, limit }: Condition): boolean {
  switch (operator) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
  }
}

function most(values: readonly number[] | undefined): number | undefined {
  return values && values.length > 0 ? Math.max(...values) : undefined;
}

function least(values: readonly number[] | undefined): number | undefined {
  return values && values.length > 0 ? Math.min(...values) : undefined;
}

function rangesOf(text: TextReport | null): number[] {
  const { layers = [], head = null } = text?.layers ?? {};
  return [...layers.map(({ range }) => range), head].flatMap((range) => (range ? [range.share] : []));
}
