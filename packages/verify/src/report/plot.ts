import { escapeHtml } from "@pippin/core/html";
import { formatNumber } from "./figures.ts";
import {
  BOTTOM,
  gridLine,
  HEIGHT,
  LEFT,
  marker,
  niceStep,
  picture,
  RIGHT,
  type SeriesStyle,
  SMALLEST,
  scaleOf,
  TOP,
  text,
  WIDTH,
} from "./plot-parts.ts";

export interface Series {
  readonly label: string;
  /** One value for each x, from 0 on; those that are not finite, or not above 0 on a log scale, are left out. */
  readonly values: readonly number[];
  readonly style: SeriesStyle;
}

export interface Plot {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  /** What the picture shows, for those who do not see it. */
  readonly description: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly scale: "linear" | "log";
  readonly series: readonly Series[];
  /** Horizontal lines with a name. */
  readonly limits?: readonly { readonly label: string; readonly value: number }[];
}

/** Points beyond this number are drawn without markers, which would cover each other. */
const MOST_MARKERS = 80;
/** So many series are named inside of the picture. */
const IN_PICTURE = 2;

/**
 * An SVG picture of lines over whole numbers; colors are the page's classes of the styles, `limit` and `grid`.
 *
 * Names of more than two series do not fit into it: `legendHtml` shows them beside it.
 */
export function plotSvg(plot: Plot): string {
  const { series, limits = [] } = plot;
  const drawable = (value: number) =>
    Number.isFinite(value) && (plot.scale === "linear" || value >= SMALLEST);
  const values = [...series.flatMap((each) => each.values), ...limits.map(({ value }) => value)].filter(
    drawable,
  );
  const count = Math.max(1, ...series.map((each) => each.values.length));
  const y = scaleOf(values, plot.scale);
  const xAt = (index: number) => LEFT + ((index + 0.5) / count) * (WIDTH - LEFT - RIGHT);
  const yAt = (value: number) => HEIGHT - BOTTOM - y.share(value) * (HEIGHT - TOP - BOTTOM);
  const parts = [
    ...y.ticks.map((tick) => gridLine(yAt(tick), formatNumber(tick))),
    ...xTicks(count).map((index) => text(xAt(index), HEIGHT - BOTTOM + 16, String(index), "middle")),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, plot.xLabel, "middle"),
    text(LEFT, 14, plot.yLabel, "start"),
    ...limits.map(({ label, value }) => limitLine(yAt(value), label)),
    ...series.map((each) => line(each, { xAt, yAt, drawable })),
    series.length > IN_PICTURE ? "" : legend(series),
  ];
  return picture(plot, parts);
}

function xTicks(count: number): number[] {
  const step = Math.max(1, niceStep(count / 8));
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step);
}

function line(
  { values, style }: Series,
  at: { xAt(index: number): number; yAt(value: number): number; drawable(value: number): boolean },
): string {
  const points = values.flatMap((value, index) =>
    at.drawable(value) ? [[at.xAt(index).toFixed(1), at.yAt(value).toFixed(1)] as const] : [],
  );
  const path = `<polyline class="line ${style}" points="${points.map((point) => point.join(",")).join(" ")}"/>`;
  if (points.length > MOST_MARKERS) return path;
  return path + points.map(([x, y]) => marker(Number(x), Number(y), style)).join("");
}

function legend(series: readonly Series[]): string {
  if (series.length < 2) return "";
  return series
    .map(({ label, style }, index) => {
      const x = LEFT + index * 175;
      return `<line class="line ${style}" x1="${x}" x2="${x + 22}" y1="27" y2="27"/>${marker(x + 11, 27, style)}${text(x + 28, 31, label, "start")}`;
    })
    .join("");
}

function limitLine(y: number, label: string): string {
  return `<line class="limit" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/>${text(LEFT + 4, y + 14, label, "start")}`;
}

/** Names of the series, for the page; empty where the picture holds them. */
export function legendHtml(series: readonly Series[]): string {
  if (series.length <= IN_PICTURE) return "";
  const items = series.map(
    ({ label, style }) =>
      `<li><svg class="key" viewBox="0 0 24 12" aria-hidden="true"><line class="line ${style}" x1="0" x2="24" y1="6" y2="6"/>${marker(12, 6, style)}</svg>${escapeHtml(label)}</li>`,
  );
  return `<ul class="legend">${items.join("")}</ul>`;
}
