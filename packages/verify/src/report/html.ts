import { escapeHtml, figure, list, table } from "@pippin/core/html";
import { FP16_MAX } from "../layers.ts";
import {
  formatNumber,
  LAYER_COLUMNS,
  layerRows,
  summaryRows,
  THRESHOLD_COLUMNS,
  thresholdRows,
} from "./figures.ts";
import type { AnswerText, VerifyReport } from "./model.ts";
import { reportPage, verdict } from "./page.ts";
import { type Plot, plotSvg } from "./plot.ts";

/** The report as one HTML page that needs nothing else: no network, no script, pictures in the page. */
export function renderHtml(report: VerifyReport): string {
  const { answers, conditions, warnings } = report;
  const title = `${report.package} beside ${report.original}`;
  const layers = layerRows(report);
  const plots = plotsOf(report);
  const body = [
    `<h1>${escapeHtml(title)}</h1>`,
    verdict(report.passed, `executed in ${report.precision}`),
    list(warnings.map(({ message }) => message)),
    table(["figure", "result"], summaryRows(report), "Figures"),
    conditions.length > 0
      ? `<h2>Thresholds</h2>${table(THRESHOLD_COLUMNS, thresholdRows(report), "Thresholds")}`
      : "",
    plots.length > 0
      ? `<h2>Where it happens</h2><div class="plots">${plots.map((plot) => figure(plot, plotSvg(plot))).join("")}</div>`
      : "",
    layers.length > 0
      ? `<details><summary>All layers as a table</summary>${table(LAYER_COLUMNS, layers, "Layers")}</details>`
      : "",
    answers.length > 0 ? `<h2>Answers</h2>${answers.map(answerHtml).join("")}` : "",
  ];
  return reportPage(title, body);
}

function plotsOf({ text }: VerifyReport): Plot[] {
  if (text === null) return [];
  const layers = text.layers?.layers ?? [];
  const { byPosition } = text.klDivergence;
  const plots: Plot[] = [];
  if (layers.length > 0) {
    const errors = layers.map(({ relativeError }) => 100 * relativeError);
    plots.push({
      id: "error",
      title: "Error by layer",
      description: `Relative error of the residual stream after each layer, mean over tokens: ${formatNumber(errors[0]!)} % after the first layer, ${formatNumber(errors.at(-1)!)} % after the last.`,
      xLabel: "layer",
      yLabel: "relative error, %",
      scale: "linear",
      series: [{ label: "relative error", values: errors, style: "a" }],
    });
    const inside = layers.map(({ range }) => range?.largest ?? Number.NaN);
    const largest = Math.max(
      ...layers.map(({ range, originalLargest }) => range?.largest ?? originalLargest),
    );
    plots.push({
      id: "range",
      title: "Range of the values by layer",
      description: `Largest magnitude in each layer beside the largest number of fp16, ${formatNumber(FP16_MAX)}. The largest of all is ${formatNumber(largest)}.`,
      xLabel: "layer",
      yLabel: "largest magnitude, log scale",
      scale: "log",
      series: [
        { label: "any value, package", values: inside, style: "a" as const },
        {
          label: "residual, original",
          values: layers.map((layer) => layer.originalLargest),
          style: "b" as const,
        },
      ].filter(({ values }) => values.some(Number.isFinite)),
      limits: [{ label: "limit of fp16", value: FP16_MAX }],
    });
  }
  plots.push({
    id: "position",
    title: "KL divergence by position",
    description: `Mean KL divergence at each of ${byPosition.length} positions of a window: ${formatNumber(byPosition[0] ?? Number.NaN)} nats at the first, ${formatNumber(byPosition.at(-1) ?? Number.NaN)} at the last.`,
    xLabel: "position in the window",
    yLabel: "KL divergence, nats, log scale",
    scale: "log",
    series: [{ label: "KL divergence", values: byPosition, style: "a" }],
  });
  return plots;
}

function answerHtml({ prompt, original, package: said, divergesAt }: AnswerText): string {
  const block = (who: string, text: string) =>
    `<div class="answer"><h4>${who}</h4><p>${escapeHtml(text.trim())}</p></div>`;
  const blocks =
    divergesAt === null
      ? block("Both", original)
      : block("Original", original) + block(`Package, differs from token ${divergesAt + 1} on`, said);
  return `<h3>${escapeHtml(prompt)}</h3><div class="answers">${blocks}</div>`;
}
