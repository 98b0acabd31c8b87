import { escapeHtml } from "@pippin/core/html";

/** Each differs from the others in color, and from its neighbors in dash and marker. */
export const STYLES = ["a", "b", "c", "d", "e", "f"] as const;
export type SeriesStyle = (typeof STYLES)[number];

/** The style of the nth of many; they repeat after six. */
export function styleOf(index: number): SeriesStyle {
  return STYLES[index % STYLES.length]!;
}

/** Units of the picture: such that its text is readable both at the width of a phone and at its largest. */
export const [WIDTH, HEIGHT] = [440, 270] as const;
export const [LEFT, RIGHT, TOP, BOTTOM] = [62, 14, 40, 44] as const;
const MOST_TICKS = 6;
/** Smaller values are zeros that were rounded on the way. */
export const SMALLEST = 1e-30;

export interface Scale {
  readonly ticks: readonly number[];
  /** 0 at the lower end, 1 at the upper. */
  share(value: number): number;
}

/** An axis that holds all values: `linear` from 0 on, `log` in whole decades. */
export function scaleOf(values: readonly number[], kind: "linear" | "log"): Scale {
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
export function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return (([1, 2, 5].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10) as number) * power;
}

/** A point of a series, 5 units wide. */
export function marker(x: number, y: number, style: SeriesStyle): string {
  switch (style) {
    case "a":
    case "e":
      return `<circle class="dot ${style}" cx="${x}" cy="${y}" r="2.5"/>`;
    case "b":
    case "f":
      return `<rect class="dot ${style}" x="${x - 2.5}" y="${y - 2.5}" width="5" height="5"/>`;
    case "c":
      return polygon(style, [
        [x, y - 3.3],
        [x + 3, y + 2.3],
        [x - 3, y + 2.3],
      ]);
    case "d":
      return polygon(style, [
        [x, y - 3.5],
        [x + 3.5, y],
        [x, y + 3.5],
        [x - 3.5, y],
      ]);
  }
}

function polygon(style: SeriesStyle, corners: readonly (readonly [number, number])[]): string {
  const points = corners.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  return `<polygon class="dot ${style}" points="${points}"/>`;
}

/** A horizontal line with its number. */
export function gridLine(y: number, label: string): string {
  return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/>${text(LEFT - 6, y + 4, label, "end")}`;
}

/** One line of text; `x` is where its anchor lies. */
export function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escapeHtml(content)}</text>`;
}

/** The picture with its title and description for those who do not see it. `id` is unique in the page. */
export function picture(
  { id, title, description }: { readonly id: string; readonly title: string; readonly description: string },
  parts: readonly string[],
): string {
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${escapeHtml(title)}</title><desc id="${id}-d">${escapeHtml(description)}</desc>${parts.join("")}</svg>`;
}
