import { escapeHtml } from "@pippin/core/html";
import type { MemoryLimit } from "../devices/limits.ts";
import { bytesOf, fitOf } from "../fit.ts";
import type { CandidatePlan, Fit } from "../model-plan.ts";
import { FIT_WORDS, sizeText } from "../words.ts";
import { markSvg } from "./marks.ts";

/** Units of the picture: its text is readable at the width of a phone. */
const [WIDTH, ROW, BAR] = [360, 34, 13] as const;
const [LEFT, RIGHT, TOP, BOTTOM] = [2, 2, 32, 6] as const;
/** Where the verdict of a bar begins, behind its name and size. */
const VERDICT = 172;
/** The axis reaches so far beyond the larger limit; longer bars are cut. */
const BEYOND = 1.25;

/** A bar: one way to store the model. */
export interface MemoryBar {
  readonly label: string;
  readonly candidate: CandidatePlan;
  readonly neededBytes: number;
}

export interface MemoryPicture {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  readonly limit: MemoryLimit;
  readonly entitledLimit: MemoryLimit;
  readonly bars: readonly MemoryBar[];
}

const PARTS = [
  ["weights", "packageBytes"],
  ["cache", "cacheBytes"],
  ["activations", "activationBytes"],
  ["overhead", "overheadBytes"],
] as const;

/** Stacked bars of what each encoding takes, against the lines of what an app gets. */
export function memorySvg(picture: MemoryPicture): string {
  const { id, title, limit, entitledLimit, bars } = picture;
  const most = Math.max(...[limit, entitledLimit].map((each) => bytesOf(each) ?? 0));
  const largest = Math.max(...bars.map(({ candidate }) => candidate.peakBytes));
  const end = most > 0 ? BEYOND * most : largest;
  const height = TOP + bars.length * ROW + BOTTOM;
  const at = (bytes: number) => LEFT + (Math.min(bytes, end) / end) * (WIDTH - LEFT - RIGHT);
  const fits = bars.map(({ neededBytes }) => fitOf(neededBytes, picture));
  const bounds = boundsOf(picture);
  const parts = [
    ...bounds.map((bound, index) => boundName(bound, { x: at(bound.bytes), y: 12 + 15 * index })),
    ...bars.map((bar, index) => {
      const top = TOP + index * ROW;
      const lines = bounds.map((bound) => boundLine(bound, { x: at(bound.bytes), top: top + 10 }));
      return barSvg(bar, { top, fit: fits[index]!, at, end }) + lines.join("");
    }),
  ];
  const description = bars
    .map(({ label, neededBytes }, index) => `${label} ${sizeText(neededBytes)}, ${FIT_WORDS[fits[index]!]}`)
    .join("; ");
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${escapeHtml(title)}</title><desc id="${id}-d">${escapeHtml(description)}</desc>${parts.join("")}</svg>`;
}

interface BarPlace {
  readonly top: number;
  readonly fit: Fit;
  readonly end: number;
  at(bytes: number): number;
}

function barSvg({ label, candidate, neededBytes }: MemoryBar, { top, fit, end, at }: BarPlace): string {
  let before = 0;
  const rects = PARTS.map(([name, key]) => {
    const [from, to] = [at(before), at(before + candidate[key])];
    before += candidate[key];
    // A part that is a hair wide would be all outline.
    return to - from < 0.4
      ? ""
      : `<rect class="part ${name}" x="${from.toFixed(1)}" y="${top + 15}" width="${(to - from).toFixed(1)}" height="${BAR}"/>`;
  });
  const cut =
    before > end
      ? `<path class="part" fill="var(--back)" d="M${WIDTH - RIGHT - 9} ${top + 14}l5 0l-5 ${BAR + 2}l-5 0z"/>`
      : "";
  return [
    text(LEFT, top + 10, `${label}  ${sizeText(neededBytes)}`, { anchor: "start" }),
    markSvg(fit, VERDICT, top + 1),
    text(VERDICT + 15, top + 10, FIT_WORDS[fit], { anchor: "start", style: `small fit ${fit}` }),
    ...rects,
    cut,
  ].join("");
}

interface Bound {
  readonly bytes: number;
  readonly words: string;
  readonly style: "bound" | "bound entitled";
}

function boundsOf({ limit, entitledLimit }: MemoryPicture): Bound[] {
  const [plain, entitled] = [bytesOf(limit), bytesOf(entitledLimit)];
  return [
    ...(plain === undefined
      ? []
      : [{ bytes: plain, words: `an app gets ${sizeText(plain)}`, style: "bound" as const }]),
    ...(entitled === undefined || entitled === plain
      ? []
      : [
          {
            bytes: entitled,
            words: `with the entitlement ${sizeText(entitled)}`,
            style: "bound entitled" as const,
          },
        ]),
  ];
}

/** Names stand one below the other: the lines may lie close together. */
function boundName({ words }: Bound, { x, y }: { readonly x: number; readonly y: number }): string {
  const right = x > WIDTH / 2;
  return text(right ? Math.min(x + 3, WIDTH - RIGHT) : x - 3, y, words, { anchor: right ? "end" : "start" });
}

/** Across one bar only, so that no line crosses words. */
function boundLine({ style }: Bound, { x, top }: { readonly x: number; readonly top: number }): string {
  return `<line class="${style}" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${top}" y2="${top + BAR + 4}"/>`;
}

function text(
  x: number,
  y: number,
  content: string,
  { anchor, style = "small" }: { readonly anchor: "start" | "end"; readonly style?: string },
): string {
  return `<text class="${style}" x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}">${escapeHtml(content)}</text>`;
}
