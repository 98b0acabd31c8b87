import type { Fit, Recommendation } from "./model-plan.ts";
import type { Range } from "./speed/query.ts";

/** `3.09 GB`, `410 MB`: decimal units, as disks and Apple's systems count. */
export function sizeText(bytes: number): string {
  const [scale, unit] = bytes >= 999.5e6 ? [1e9, "GB"] : bytes >= 999.5e3 ? [1e6, "MB"] : [1e3, "kB"];
  return `${Number((bytes / scale).toPrecision(3))} ${unit}`;
}

/** Two digits: predictions have no more. */
export function rateText(value: number): string {
  return value >= 100
    ? String(Number(value.toPrecision(2)))
    : String(Number(value.toPrecision(value < 1 ? 1 : 2)));
}

/** Keeps a line from breaking behind the dash of a range. */
const WORD_JOINER = "\u2060";

/** HTML of words in which no range is torn apart at its dash, nor from its unit. */
export function unbroken(html: string): string {
  return html
    .replaceAll(/(?<=\d)–(?=\d)/g, `–${WORD_JOINER}`)
    .replaceAll(/(?<=\d) (?=(?:ms|s|kB|MB|GB)\b)/g, "&nbsp;");
}

/** `18–30`; one number where both ends round to it. */
export function rangeText({ low, high }: Range): string {
  const [from, to] = [rateText(low), rateText(high)];
  return from === to ? from : `${from}–${to}`;
}

export function secondsText({ low, high }: Range): string {
  return high < 0.095
    ? `${rangeText({ low: 1000 * low, mid: 0, high: 1000 * high })} ms`
    : `${rangeText({ low, mid: 0, high })} s`;
}

export const FIT_WORDS: Readonly<Record<Fit, string>> = {
  fits: "fits",
  entitlement: "with entitlement",
  tooLarge: "too large",
  unknown: "unknown",
};

/** `iPhone 14, 14 Plus`: what all names begin with is said once. */
export function joinNames(names: readonly string[], most: number = Number.POSITIVE_INFINITY): string {
  const [first = "", ...rest] = names;
  const brand = /^(?:iPhone|iPad|Mac) /.exec(first)?.[0] ?? "";
  const shown = rest
    .slice(0, most - 1)
    .map((name) => (name.startsWith(brand) ? name.slice(brand.length) : name));
  const left = rest.length - shown.length;
  return [first, ...shown].join(", ") + (left > 0 ? ` and ${left} more` : "");
}

/** `fits?` where something may stand against it on the device; the caution says what. */
export function recommendedFit({ fit, caution }: Pick<Recommendation, "fit" | "caution">): string {
  return `${FIT_WORDS[fit]}${caution === null ? "" : "?"}`;
}

/** `int4 gpu`: the encoding, and what runs it where the engine's name says so. */
export function candidateLabel({
  encoding,
  engine,
}: {
  readonly encoding: string;
  readonly engine: string;
}): string {
  const unit = unitOf(engine);
  return unit === undefined ? encoding : `${encoding} ${unit}`;
}

/** `gpu` of `coreml-gpu`. */
export function unitOf(engine: string): string | undefined {
  return /-(gpu|ane|cpu)$/.exec(engine)?.[1];
}
