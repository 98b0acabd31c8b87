import { formatNumber } from "./figures.ts";
import { type Box, placeLabels } from "./place-labels.ts";
import {
  BOTTOM,
  gridLine,
  HEIGHT,
  LEFT,
  marker,
  picture,
  RIGHT,
  type SeriesStyle,
  SMALLEST,
  scaleOf,
  TOP,
  text,
  WIDTH,
} from "./plot-parts.ts";

export interface Point {
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly style: SeriesStyle;
  /** Whether no other point is better in both. */
  readonly front: boolean;
}

export interface Scatter {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  /** What the picture shows, for those who do not see it. */
  readonly description: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Those whose `y` is not finite and above 0 are left out: the axis is logarithmic. */
  readonly points: readonly Point[];
}

/** Longer names are cut in the middle; the table beside the picture has them whole. */
const LONGEST_LABEL = 26;
/** Mean width of a character at the page's size of text in pictures, and the height of a line. */
const [CHARACTER, LINE] = [6.6, 13] as const;

/** Points with names over a linear x and a logarithmic y, both better where smaller; stairs join those of the front. */
export function scatterSvg(scatter: Scatter): string {
  const points = scatter.points.filter(isDrawable);
  const x = scaleOf(
    points.map((point) => point.x),
    "linear",
  );
  const y = scaleOf(
    points.map((point) => point.y),
    "log",
  );
  const xAt = (value: number) => LEFT + x.share(value) * (WIDTH - LEFT - RIGHT);
  const yAt = (value: number) => HEIGHT - BOTTOM - y.share(value) * (HEIGHT - TOP - BOTTOM);
  const placed = points.map((point) => ({
    ...point,
    x: xAt(point.x),
    y: yAt(point.y),
    name: shortened(point.label),
  }));
  const corners = stairs(placed.filter(({ front }) => front));
  const labels = placeLabels(
    placed.map((point) => ({ x: point.x, y: point.y, width: CHARACTER * point.name.length, height: LINE })),
    { left: LEFT, right: WIDTH - RIGHT, top: TOP - LINE, bottom: HEIGHT - BOTTOM },
    boxesOf(corners),
  );
  return picture(scatter, [
    ...y.ticks.map((tick) => gridLine(yAt(tick), formatNumber(tick))),
    ...x.ticks.map((tick) => text(xAt(tick), HEIGHT - BOTTOM + 16, formatNumber(tick), "middle")),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, scatter.xLabel, "middle"),
    text(LEFT, 14, scatter.yLabel, "start"),
    stairsLine(corners),
    ...placed.map((point, index) => leader(point, labels[index]!)),
    ...placed.map((point) => marker(point.x, point.y, point.style)),
    ...placed.map(({ name }, index) => {
      const { left, bottom } = labels[index]!;
      return text(left, bottom - 3, name, "start");
    }),
  ]);
}

export function isDrawable({ x, y }: Pick<Point, "x" | "y">): boolean {
  return Number.isFinite(x) && Number.isFinite(y) && y >= SMALLEST;
}

type Place = readonly [x: number, y: number];

/** Corners of a line that stays until a larger package is better, and falls there. */
function stairs(front: readonly { readonly x: number; readonly y: number }[]): Place[] {
  const sorted = [...front].sort((a, b) => a.x - b.x || b.y - a.y);
  return sorted.flatMap(({ x, y }, index): Place[] => {
    const before = sorted[index - 1];
    return before
      ? [
          [x, before.y],
          [x, y],
        ]
      : [[x, y]];
  });
}

function stairsLine(corners: readonly Place[]): string {
  if (corners.length < 2) return "";
  const points = corners.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`);
  return `<polyline class="front" points="${points.join(" ")}"/>`;
}

/** What the line covers: names keep away from it. */
function boxesOf(corners: readonly Place[]): Box[] {
  return corners.slice(1).map(([x, y], index) => {
    const [fromX, fromY] = corners[index]!;
    return { left: x < fromX ? x : fromX - 1, right: x + 1, top: fromY - 1, bottom: y + 1 };
  });
}

/** A thin line from a point to its name, where the name had to move away. */
function leader(
  { x, y }: { readonly x: number; readonly y: number },
  { left, right, top, bottom }: Box,
): string {
  const toX = Math.min(Math.max(x, left), right);
  const toY = Math.min(Math.max(y, top), bottom);
  if (Math.hypot(toX - x, toY - y) < 12) return "";
  return `<line class="leader" x1="${x.toFixed(1)}" y1="${y.toFixed(1)}" x2="${toX.toFixed(1)}" y2="${toY.toFixed(1)}"/>`;
}

function shortened(name: string): string {
  const characters = [...name];
  if (characters.length <= LONGEST_LABEL) return name;
  const half = (LONGEST_LABEL - 1) / 2;
  return `${characters.slice(0, Math.ceil(half)).join("")}…${characters.slice(-Math.floor(half)).join("")}`;
}
