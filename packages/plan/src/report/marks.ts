import type { Fit } from "../model-plan.ts";

/** A sign for each fit in a square of ten units: told apart by shape, not by color alone. */
const SHAPES: Readonly<Record<Fit, string>> = {
  fits: '<circle cx="5" cy="5" r="4.2"/>',
  entitlement:
    '<circle cx="5" cy="5" r="4.2" fill="none" stroke-width="1.4"/><path d="M5 .8a4.2 4.2 0 0 0 0 8.4z"/>',
  tooLarge: '<path d="M1.5 1.5l7 7m0-7l-7 7" fill="none" stroke-width="2"/>',
  unknown: '<path d="M1 5h8" fill="none" stroke-width="2"/>',
};

/** For text; the word stands beside it. */
export function markHtml(fit: Fit): string {
  return `<svg class="mark ${fit}" viewBox="0 0 10 10" aria-hidden="true">${SHAPES[fit]}</svg>`;
}

/** For pictures, ten units wide. */
export function markSvg(fit: Fit, x: number, y: number): string {
  return `<g class="sign ${fit}" transform="translate(${x.toFixed(1)} ${y.toFixed(1)})">${SHAPES[fit]}</g>`;
}
