import { stat, writeFile } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { withOutputFile } from "@pippin/core/node";
import {
  COMPARISON_COLUMNS,
  type ComparisonReport,
  comparisonRows,
  formatNumber,
  formatPercent,
  formatPerplexity,
  formatPlace,
  frontSentence,
  measuredOn,
  type RangeFigures,
  renderComparisonHtml,
  renderComparisonMarkdown,
  renderHtml,
  renderMarkdown,
  type TextReport,
  type VerifyReport,
} from "@pippin/verify";
import { usageError } from "./errors.ts";
import { formatTable } from "./terminal/format.ts";

/** By the ending of the file: of one package, and of several. */
const RENDERERS: Readonly<
  Record<string, { one(report: VerifyReport): string; many(report: ComparisonReport): string }>
> = {
  ".md": { one: renderMarkdown, many: renderComparisonMarkdown },
  ".html": { one: renderHtml, many: renderComparisonHtml },
};

/** Refuses what could only fail after minutes of work. */
export async function checkReportPath(path: string): Promise<void> {
  if (!Object.hasOwn(RENDERERS, extname(path).toLowerCase()))
    throw usageError(`--report ${path} is neither .md nor .html`, "For example --report report.html.");
  await checkFolderOf(path, "--report");
}

/** The same for a page alone. */
export async function checkPagePath(path: string): Promise<void> {
  if (extname(path).toLowerCase() !== ".html")
    throw usageError(`--html ${path} does not end in .html`, "For example --html plan.html.");
  await checkFolderOf(path, "--html");
}

async function checkFolderOf(path: string, flag: string): Promise<void> {
  const found = await stat(dirname(resolve(path))).catch(() => undefined);
  if (!found?.isDirectory())
    throw usageError(`the folder of ${flag} ${path} does not exist`, "Make it first.");
}

/** Writes the report in the form that the name of the file asks for; it appears whole or not at all. */
export async function writeReport(path: string, report: VerifyReport): Promise<void> {
  await writeWhole(path, RENDERERS[extname(path).toLowerCase()]!.one(report));
}

/** The same for several packages of one model. */
export async function writeComparison(path: string, report: ComparisonReport): Promise<void> {
  await writeWhole(path, RENDERERS[extname(path).toLowerCase()]!.many(report));
}

/**
 * A file that appears whole or not at all, over an old one too.
 *
 * @throws PippinError `CORE_OUTPUT_BUSY`, `CORE_OUTPUT_UNWRITABLE`.
 */
export async function writeWhole(path: string, content: string): Promise<void> {
  await withOutputFile(path, { force: true }, (staging) => writeFile(staging, content));
}

/** A table of several packages, and which of them no other one beats. */
export function comparisonLines(report: ComparisonReport): string[] {
  return [
    ...formatTable([COMPARISON_COLUMNS, ...comparisonRows(report)]),
    measuredOn(report),
    frontSentence(report),
  ];
}

/** What was found on the text, in some lines for people. */
export function textLines({ windows, positions, klDivergence: kl, ...report }: TextReport): string[] {
  const { perplexity, top1Agreement, top5Agreement, layers } = report;
  const quantiles = `median ${formatNumber(kl.median)}, p95 ${formatNumber(kl.p95)}, without first tokens ${formatNumber(kl.withoutFirst)}`;
  const lines = [
    `text       ${windows} windows, ${positions} tokens: perplexity ${formatPerplexity(perplexity.original)} → ${formatPerplexity(perplexity.package)}`,
    `           KL ${formatNumber(kl.mean)} (${quantiles})`,
    `           top-1 ${formatPercent(top1Agreement)}, top-5 ${formatPercent(top5Agreement)}`,
  ];
  if (layers === null) return lines;
  const worst = layers.layers.reduce((a, b) => (b.relativeError > a.relativeError ? b : a));
  lines.push(
    `layers     largest error ${formatPercent(worst.relativeError)} after layer ${worst.layer}, cosine ${worst.cosine.toFixed(6)}`,
  );
  const ranges = [...layers.layers.map(({ range }) => range), layers.head].filter((range) => range !== null);
  if (ranges.length > 0) lines.push(rangeLine(ranges));
  return lines;
}

function rangeLine(ranges: readonly RangeFigures[]): string {
  const largest = ranges.reduce((a, b) => (b.largest > a.largest ? b : a));
  return `fp16       largest value ${formatNumber(largest.largest)}, ${formatPercent(largest.share)} of the range: ${formatPlace(largest)}`;
}
