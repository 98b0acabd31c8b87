import { escapeHtml, figure, list, table } from "@pippin/core/html";
import {
  COMPARISON_COLUMNS,
  comparisonRows,
  formatMegabytes,
  frontOf,
  frontSentence,
  klOf,
  measuredOn,
} from "./comparison.ts";
import { formatNumber, formatPercent, THRESHOLD_COLUMNS, thresholdRows } from "./figures.ts";
import type { ComparedPackage, ComparisonReport } from "./model.ts";
import { reportPage, verdict } from "./page.ts";
import { legendHtml, type Plot, plotSvg } from "./plot.ts";
import { styleOf } from "./plot-parts.ts";
import { isDrawable, type Scatter, scatterSvg } from "./scatter.ts";

/** Several packages of one model as one HTML page that needs nothing else: no network, no script. */
export function renderComparisonHtml(report: ComparisonReport): string {
  const { packages, original, passed, warnings } = report;
  const title = `${packages.length} packages beside ${original}`;
  const precisions = [...new Set(packages.map(({ precision }) => precision))].join("; ");
  const thresholds = packages.flatMap((each) => thresholdRows(each).map((row) => [each.package, ...row]));
  const trade = tradeOf(report);
  const layers = layersOf(packages);
  return reportPage(title, [
    `<h1>${escapeHtml(title)}</h1>`,
    verdict(passed, `${measuredOn(report)}; executed in ${precisions}`),
    list(warnings.map(({ message }) => message)),
    table(COMPARISON_COLUMNS, comparisonRows(report), "Packages"),
    `<h2>Size against quality</h2><div class="plots">${figure(trade, scatterSvg(trade))}${
      layers ? figure(layers, legendHtml(layers.series) + plotSvg(layers)) : ""
    }</div>`,
    thresholds.length > 0
      ? `<h2>Thresholds</h2>${table(["package", ...THRESHOLD_COLUMNS], thresholds, "Thresholds")}`
      : "",
  ]);
}

function tradeOf(report: ComparisonReport): Scatter {
  const front = new Set(frontOf(report));
  const points = report.packages.map((each, index) => ({
    label: each.package,
    x: each.bytes / 1e6,
    y: klOf(each),
    style: styleOf(index),
    front: front.has(index),
  }));
  const described = report.packages.map(
    (each) => `${each.package} ${formatMegabytes(each.bytes)} MB, ${formatNumber(klOf(each))} nats`,
  );
  const left = points.filter((point) => !isDrawable(point)).map(({ label }) => label);
  return {
    id: "trade",
    title: "Size and KL divergence",
    description: [
      `Smaller and lower is better. ${described.join("; ")}. ${frontSentence(report)} The dashed stairs join them.`,
      ...(left.length > 0 ? [`A divergence of 0 has no place on a log scale: ${left.join(", ")}.`] : []),
    ].join(" "),
    xLabel: "size on disk, MB",
    yLabel: "mean KL divergence, nats, log scale",
    points,
  };
}

/** A line for each package that shows its layers; `null` when none does. */
function layersOf(packages: readonly ComparedPackage[]): Plot | null {
  const series = packages.flatMap(({ package: label, text }, index) => {
    const layers = text?.layers?.layers ?? [];
    if (layers.length === 0) return [];
    return [{ label, values: layers.map(({ relativeError }) => 100 * relativeError), style: styleOf(index) }];
  });
  if (series.length === 0) return null;
  const last = series.map(({ label, values }) => `${label} ${formatPercent(values.at(-1)! / 100)}`);
  return {
    id: "error",
    title: "Error by layer",
    description: `Relative error of the residual stream after each layer, mean over tokens. After the last: ${last.join(", ")}.`,
    xLabel: "layer",
    yLabel: "relative error, %, log scale",
    scale: "log",
    series,
  };
}
