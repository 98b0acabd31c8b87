import type { Fit } from "../model-plan.ts";

/** A fit, or that a recommendation with one may not load. */
export type Sign = Fit | "doubtful";

/** Each in a square of ten units: told apart by shape, not by color alone. */
const SHAPES: Readonly<Record<Sign, string>> = {
  fits: '<circle cx="5" cy="5" r="4.2"/>',
  entitlement:
    '<circle cx="5" cy="5" r="4.2" fill="none" stroke-width="1.4"/><path d="M5 .8a4.2 4.2 0 0 0 0 8.4z"/>',
  tooLarge: '<path d="M1.5 1.5l7 7m0-7l-7 7" fill="none" stroke-width="2"/>',
  doubtful: '<path d="M5 .9L9.4 9H.6zM5 4v2.2" fill="none" stroke-width="1.2"/>',
  unknown: '<path d="M1 5h8" fill="none" stroke-width="2"/>',
};

/** For text; the word stands beside it. */
export function markHtml(sign: Sign): string {
  return `<svg class="mark ${sign}" viewBox="0 0 10 10" aria-hidden="true">${SHAPES[sign]}</svg>`;
}

/** For pictures, ten units wide. */
export function markSvg(fit: Fit, x: number, y: number): string {
  return `<g class="sign ${fit}" transform="translate(${x.toFixed(1)} ${y.toFixed(1)})">${SHAPES[fit]}</g>`;
}
