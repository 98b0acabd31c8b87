import type { HeldOut } from "./cross-validation.ts";
import { CHIP_CLASSES } from "./parameters.ts";
import { median, quantile } from "./statistics.ts";

/** |predicted − published| / published, the figure that all tables give. */
export function relativeError({ predicted, measured }: HeldOut): number {
  return Math.abs(predicted - measured) / measured;
}

/** The same predictions, those farthest off first. */
export function farthest<T extends HeldOut>(rows: readonly T[]): T[] {
  return [...rows].sort((left, right) => relativeError(right) - relativeError(left));
}

/** How far predictions of some rows are off. */
export interface ErrorSummary {
  readonly what: string;
  readonly rows: number;
  readonly median: number;
  readonly ninetieth: number;
  readonly worst: number;
}

/** Summaries of all rows, then of each class of chip that occurs. */
export function summarizeByClass(predictions: readonly HeldOut[]): ErrorSummary[] {
  const byClass = CHIP_CLASSES.map((each) =>
    summarize(
      each,
      predictions.filter(({ resolved }) => resolved.chip.class === each),
    ),
  );
  return [summarize("all", predictions), ...byClass].filter(({ rows }) => rows > 0);
}

/** Summaries by engine, the most measured first. */
export function summarizeByEngine(predictions: readonly HeldOut[]): ErrorSummary[] {
  const engines = [...new Set(predictions.map(({ resolved }) => resolved.engine))];
  return engines
    .map((each) =>
      summarize(
        each,
        predictions.filter(({ resolved }) => resolved.engine === each),
      ),
    )
    .sort((left, right) => right.rows - left.rows);
}

function summarize(what: string, predictions: readonly HeldOut[]): ErrorSummary {
  const errors = predictions.map(relativeError);
  return {
    what,
    rows: predictions.length,
    median: median(errors),
    ninetieth: quantile(errors, 0.9),
    worst: quantile(errors, 1),
  };
}

/** A table as Markdown aligns it; the first column is text, the rest are figures. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = header.map((_, i) => (i === 0 ? "---" : "--:"));
  return [line(header), line(rule), ...rows.map(line)].join("\n");
}

/** "12.3 %", or a dash where there is nothing to say. */
export function percent(part: number | undefined): string {
  return part === undefined || Number.isNaN(part) ? "–" : `${(100 * part).toFixed(1)} %`;
}
