import { paretoFront } from "../pareto.ts";
import { formatNumber, formatPercent, formatPerplexity } from "./figures.ts";
import type { ComparisonReport } from "./model.ts";

export const COMPARISON_COLUMNS = [
  "package",
  "encoding",
  "MB",
  "perplexity",
  "mean KL",
  "top-1",
  "top-5",
  "greedy",
  "verdict",
] as const;

/** One row a package; figures of the text are left out where none was measured. */
export function comparisonRows({ packages }: Pick<ComparisonReport, "packages">): string[][] {
  return packages.map(({ package: name, encoding, bytes, text, chat, passed }) => [
    name,
    encoding,
    formatMegabytes(bytes),
    text ? formatPerplexity(text.perplexity.package) : "not measured",
    formatNumber(klOf({ text, chat })),
    formatPercent(text?.top1Agreement ?? chat.top1Agreement),
    text ? formatPercent(text.top5Agreement) : "not measured",
    `${chat.greedy.equal} of ${chat.greedy.tokens}`,
    passed ? "passed" : "failed",
  ]);
}

/** Mean KL divergence on the text, nats; without a text that on the prompts. */
export function klOf({ text, chat }: Pick<ComparisonReport["packages"][number], "text" | "chat">): number {
  return text?.klDivergence.mean ?? chat.klDivergence;
}

/** Indices of the packages that no other one beats in size and KL divergence at once, the smallest first. */
export function frontOf({ packages }: Pick<ComparisonReport, "packages">): number[] {
  return paretoFront(packages.map((each) => ({ bytes: each.bytes, kl: klOf(each) })));
}

/** In one sentence: what no other package beats. */
export function frontSentence(report: Pick<ComparisonReport, "packages">): string {
  const names = frontOf(report).map((index) => report.packages[index]!.package);
  return `No other package is both smaller and closer than: ${names.join(", ")}.`;
}

/** What the figures are measured on, in words. */
export function measuredOn({ packages: [first] }: Pick<ComparisonReport, "packages">): string {
  if (!first?.text) return "KL divergence and top-1 on the prompts";
  const { windows, positions, perplexity } = first.text;
  return `measured on ${windows} windows, ${positions} tokens; perplexity of the original ${formatPerplexity(perplexity.original)}`;
}

/** Decimal, as disks and Apple's systems count; three digits. */
export function formatMegabytes(bytes: number): string {
  return formatNumber(bytes / 1e6);
}
