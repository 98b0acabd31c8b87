import type { RangeFigures } from "../layers.ts";
import type { VerifyReport } from "./model.ts";

/** Three digits, with an exponent where zeros would hide them. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not measured" : "infinite";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-3) return value.toExponential(1).replace(".0e", "e");
  return size < 1000 ? String(Number(value.toPrecision(3))) : Math.round(value).toLocaleString("en-US");
}

/** Five digits: what quantization adds to a perplexity is often less than a percent. */
export function formatPerplexity(value: number): string {
  return Number.isFinite(value) && value < 1e5 ? String(Number(value.toPrecision(5))) : formatNumber(value);
}

export function formatPercent(share: number): string {
  return Number.isFinite(share) ? `${Number((100 * share).toPrecision(3))} %` : formatNumber(share);
}

/** `layers_3_mlp_gated [0, 12, 447]`: where a value lies. */
export function formatPlace({ name, index }: RangeFigures): string {
  return `${name} [${index.join(", ")}]`;
}

/** The table that opens each page: what was measured, and the result. */
export function summaryRows({ chat, text }: VerifyReport): [label: string, value: string][] {
  const rows: [string, string][] = [
    ["greedy tokens equal on the prompts", `${chat.greedy.equal} of ${chat.greedy.tokens}`],
    ["KL divergence on the prompts, mean", `${formatNumber(chat.klDivergence)} nats`],
  ];
  if (text === null) return rows;
  const { klDivergence: kl, perplexity, logitError } = text;
  rows.push(
    ["positions compared on the text", `${text.positions} in ${text.windows} windows`],
    ["KL divergence, mean", `${formatNumber(kl.mean)} nats`],
    ["KL divergence, median and 95th percentile", `${formatNumber(kl.median)}, ${formatNumber(kl.p95)}`],
    ["KL divergence without first tokens", formatNumber(kl.withoutFirst)],
    ["same most likely token", formatPercent(text.top1Agreement)],
    ["overlap of the five most likely", formatPercent(text.top5Agreement)],
    ["perplexity, original", formatPerplexity(perplexity.original)],
    ["perplexity, package", formatPerplexity(perplexity.package)],
    ["difference of logits, mean", formatNumber(logitError.mean)],
    ["difference of logits, largest", formatNumber(logitError.max)],
  );
  return rows;
}

/** One row a layer: number, relative error, cosine, largest value, its place, share of fp16's range. */
export function layerRows({ text }: VerifyReport): string[][] {
  const { layers = [], head = null } = text?.layers ?? {};
  const rangeCells = (range: RangeFigures | null) =>
    range
      ? [formatNumber(range.largest), formatPercent(range.share), formatPlace(range)]
      : ["not shown", "", ""];
  const rows = layers.map(({ layer, relativeError, cosine, range }) => [
    String(layer),
    formatPercent(relativeError),
    cosine.toFixed(6),
    ...rangeCells(range),
  ]);
  return head ? [...rows, ["head", "", "", ...rangeCells(head)]] : rows;
}

export const LAYER_COLUMNS = [
  "layer",
  "relative error",
  "cosine",
  "largest value",
  "of fp16's range",
  "where",
] as const;

export const THRESHOLD_COLUMNS = ["fails if", "measured", "verdict"] as const;

export function thresholdRows({ conditions }: Pick<VerifyReport, "conditions">): string[][] {
  return conditions.map(({ metric, operator, limit, value, failed }) => [
    `${metric} ${operator} ${limit}`,
    formatNumber(value ?? Number.NaN),
    failed ? "fails" : "passes",
  ]);
}
