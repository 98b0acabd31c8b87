import { halfAt, k4Scale, q3Scale } from "./blocks.ts";

/** Tells scale and minimum of each group of a block; minima of symmetric types are 0. */
export type GroupReader = (
  view: DataView,
  at: number,
  visit: (scale: number, minimum: number) => void,
) => void;

const { fround } = Math;

const whole: GroupReader = (view, at, visit) => visit(halfAt(view, at), 0);
const withMinimum: GroupReader = (view, at, visit) => visit(halfAt(view, at), halfAt(view, at + 2));
const eightPairs: GroupReader = (view, at, visit) => {
  for (let run = 0; run < 8; run++) {
    const { scale, minimum } = k4Scale(view, at, run);
    visit(scale, minimum);
  }
};

/**
 * Where GGUF's block types hold the scales of their groups: value = scale · code + minimum, with the codes of `ownGrid`.
 * Products are rounded to F32 as in `GGUF_BLOCK_READERS`.
 */
export const GGUF_GROUPS: Readonly<Record<string, GroupReader>> = {
  Q4_0: whole,
  Q5_0: whole,
  Q8_0: whole,
  Q4_1: withMinimum,
  Q5_1: withMinimum,
  Q2_K: (view, at, visit) => {
    const d = halfAt(view, at + 80);
    const dMin = halfAt(view, at + 82);
    for (let run = 0; run < 16; run++) {
      const packed = view.getUint8(at + run);
      visit(fround(d * (packed & 15)), -fround(dMin * (packed >> 4)));
    }
  },
  Q3_K: (view, at, visit) => {
    const d = halfAt(view, at + 108);
    for (let run = 0; run < 16; run++) visit(fround(d * q3Scale(view, at + 96, run)), 0);
  },
  Q4_K: eightPairs,
  Q5_K: eightPairs,
  Q6_K: (view, at, visit) => {
    const d = halfAt(view, at + 208);
    for (let run = 0; run < 16; run++) visit(fround(d * view.getInt8(at + 192 + run)), 0);
  },
};
