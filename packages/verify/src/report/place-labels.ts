/** Edges of a rectangle; `top` is the smaller y, as in SVG. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A point, and the size of the name that belongs to it. */
export interface Labelled {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Between a point and its name. */
const GAP = 5;
/** Half the side of a marker with some air. */
const MARKER = 4;
/** Names are moved up to so many lines up or down. */
const MOST_LINES = 14;

/**
 * Finds a place for each name, inside of `bounds`, over no other name, no point and none of `lines`: beside the point where that is free,
 * else the nearest lines above and below. Where everything is taken, the least covered place.
 */
export function placeLabels(points: readonly Labelled[], bounds: Box, lines: readonly Box[] = []): Box[] {
  const markers = points.map(({ x, y }) => ({
    left: x - MARKER,
    right: x + MARKER,
    top: y - MARKER,
    bottom: y + MARKER,
  }));
  const taken: Box[] = [...markers, ...lines];
  return points.map((point) => {
    let best: { box: Box; covered: number } | undefined;
    for (const box of candidates(point)) {
      const moved = inside(box, bounds);
      const covered = taken.reduce((sum, other) => sum + overlap(moved, other), 0);
      if (best === undefined || covered < best.covered) best = { box: moved, covered };
      if (covered === 0) break;
    }
    taken.push(best!.box);
    return best!.box;
  });
}

/** Places in order of preference: right, left, above, below, then farther lines on both sides. */
function* candidates({ x, y, width, height }: Labelled): Generator<Box> {
  const at = (left: number, middle: number): Box => ({
    left,
    right: left + width,
    top: middle - height / 2,
    bottom: middle + height / 2,
  });
  const [right, left, center] = [x + GAP, x - GAP - width, x - width / 2];
  yield at(right, y);
  yield at(left, y);
  for (let line = 1; line <= MOST_LINES; line++) {
    const away = GAP + (line - 0.5) * height;
    for (const middle of [y - away, y + away]) {
      yield at(center, middle);
      yield at(right, middle);
      yield at(left, middle);
    }
  }
}

function inside({ left, right, top, bottom }: Box, bounds: Box): Box {
  const dx = Math.max(bounds.left - left, Math.min(0, bounds.right - right));
  const dy = Math.max(bounds.top - top, Math.min(0, bounds.bottom - bottom));
  return { left: left + dx, right: right + dx, top: top + dy, bottom: bottom + dy };
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}
