import { escapeHtml } from "./escape.ts";
import { formatNumber } from "./figures.ts";

export interface Series {
  readonly label: string;
  /** One value for each x, from 0 on; those that are not finite, or not above 0 on a log scale, are left out. */
  readonly values: readonly number[];
  /** `a` and `b` differ in color, dash and marker. */
  readonly style: "a" | "b";
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

/** Units of the picture: such that its text is readable both at the width of a phone and at its largest. */
const [WIDTH, HEIGHT] = [440, 270];
const [LEFT, RIGHT, TOP, BOTTOM] = [62, 14, 40, 44];
const MOST_TICKS = 6;
/** Points beyond this number are drawn without markers, which would cover each other. */
const MOST_MARKERS = 80;
/** Smaller values are zeros that were rounded on the way. */
const SMALLEST = 1e-30;

/** An SVG picture of lines over whole numbers; colors are the page's classes `a`, `b`, `limit`, `axis`. */
export function plotSvg(plot: Plot): string {
  const { id, title, description, series, limits = [] } = plot;
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
    legend(series),
  ];
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${escapeHtml(title)}</title><desc id="${id}-d">${escapeHtml(description)}</desc>${parts.join("")}</svg>`;
}

interface Scale {
  readonly ticks: readonly number[];
  /** 0 at the lower end, 1 at the upper. */
  share(value: number): number;
}

function scaleOf(values: readonly number[], kind: Plot["scale"]): Scale {
  if (kind === "linear") {
    const top = values.reduce((a, b) => Math.max(a, b), 0);
    const step = niceStep(top < SMALLEST ? 0.2 : top / (MOST_TICKS - 1));
    const count = Math.max(1, Math.ceil(top / step - 1e-9));
    return {
      ticks: Array.from({ length: count + 1 }, (_, index) => index * step),
      share: (value) => value / (count * step),
    };
  }
  const logs = values.map((value) => Math.log10(value));
  const first = Math.floor(logs.reduce((a, b) => Math.min(a, b), logs[0] ?? 0));
  const last = logs.reduce((a, b) => Math.max(a, Math.ceil(b)), first + 1);
  const every = Math.ceil((last - first) / MOST_TICKS);
  const exponents = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return {
    ticks: exponents.filter((exponent) => (exponent - first) % every === 0).map((exponent) => 10 ** exponent),
    share: (value) => (Math.log10(value) - first) / (last - first),
  };
}

/** 1, 2 or 5 times a power of ten, not below `rough`. */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return (([1, 2, 5].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10) as number) * power;
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

function marker(x: number, y: number, style: Series["style"]): string {
  if (style === "a") return `<circle class="dot a" cx="${x}" cy="${y}" r="2.5"/>`;
  return `<rect class="dot b" x="${x - 2.5}" y="${y - 2.5}" width="5" height="5"/>`;
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

function gridLine(y: number, label: string): string {
  return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/>${text(LEFT - 6, y + 4, label, "end")}`;
}

function limitLine(y: number, label: string): string {
  return `<line class="limit" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/>${text(LEFT + 4, y + 14, label, "start")}`;
}

function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escapeHtml(content)}</text>`;
}
