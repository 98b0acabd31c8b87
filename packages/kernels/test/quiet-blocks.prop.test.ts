/** GGUF blocks around the places where the kernels to F16 change between their ways: quiet and loud blocks in turn. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { castToF16 } from "../src/cast.ts";
import { DTYPES } from "../src/dtype.ts";
import { plainCastToF16 } from "../src/plain/cast.ts";

const BLOCKS = 48;
/** Zeros, the ends of F16's subnormals, one, and what comes close to overflow by itself or with a factor of 4 to 128. */
const EDGES = [
  0, 1, 2, 0x3fe, 0x3ff, 0x400, 0x401, 0x3c00, 0x5fff, 0x6000, 0x6bff, 0x6c00, 0x73ff, 0x7400, 0x7bff,
];

/** Where the F16 scale, and the minimum, stand, and where the bytes of further scales. */
const LAYOUTS = {
  Q4_0: { halves: [0] },
  Q4_1: { halves: [0, 2] },
  Q5_0: { halves: [0] },
  Q5_1: { halves: [0, 2] },
  Q8_0: { halves: [0] },
  Q2_K: { halves: [80, 82], scales: [0, 16] },
  Q3_K: { halves: [108], scales: [96, 108] },
  Q4_K: { halves: [0, 2], scales: [4, 16] },
  Q5_K: { halves: [0, 2], scales: [4, 16] },
  Q6_K: { halves: [208], scales: [192, 208] },
  IQ4_NL: { halves: [0] },
  IQ4_XS: { halves: [0], scales: [2, 8] },
  MXFP4: { halves: [], scales: [0, 1] },
} as const satisfies Record<string, { halves: readonly number[]; scales?: readonly [number, number] }>;

const dtypes = Object.keys(LAYOUTS) as (keyof typeof LAYOUTS)[]; // the keys of the table
const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 });

test.each(dtypes)(
  "%s: blocks at the edges of ranges, in any order, give what the plain twin gives",
  (dtype) => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0x3000, max: 0x7c00 }), (seed, ceiling) => {
        const random = randomFrom(seed);
        const bytes = randomBlocks(dtype, random, () => edgeOrAny(random, ceiling));

        const { codes, maxAbs } = castToF16(bytes, dtype);

        const plain = plainCastToF16(bytes, dtype);
        expect(codes).toEqual(plain.codes);
        expect(maxAbs).toBe(plain.maxAbs);
      }),
      { numRuns: 150 },
    );
  },
);

test.each(dtypes)("%s: one scale that is no number shows in the maximum, wherever it stands", (dtype) => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(0x7c00, 0xfc00, 0x7c01, 0x7e00, 0xffff), (seed, special) => {
      const random = randomFrom(seed);
      const block = random() % BLOCKS;
      let at = 0;
      // `randomBlocks` asks for the halves of one block after another.
      const { length } = LAYOUTS[dtype].halves;
      const bytes = randomBlocks(dtype, random, () =>
        Math.floor(at++ / length) === block ? special : edgeOrAny(random, 0x6000),
      );

      const { codes, maxAbs } = castToF16(bytes, dtype);

      const plain = plainCastToF16(bytes, dtype);
      expect(codes).toEqual(plain.codes);
      expect(maxAbs).toBe(plain.maxAbs);
    }),
    { numRuns: 60 },
  );
});

type Random = () => number;

/** Integers of 24 bits. */
function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
}

/** An F16 of either sign below the code `ceiling`: often an edge, else of any exponent. */
function edgeOrAny(random: Random, ceiling: number): number {
  const sign = random() & 0x8000;
  const edge = EDGES[random() % EDGES.length] ?? 0;
  return sign | (random() % 3 === 0 && edge < ceiling ? edge : random() % ceiling);
}

/** Blocks of random bytes with halves of this choice, some of them with all bits of their quants or scales alike. */
function randomBlocks(dtype: keyof typeof LAYOUTS, random: Random, half: () => number): Uint8Array {
  const { blockBytes } = DTYPES[dtype];
  const layout: { halves: readonly number[]; scales?: readonly [number, number] } = LAYOUTS[dtype];
  const bytes = Uint8Array.from({ length: BLOCKS * blockBytes }, () => random() >>> 4);
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < BLOCKS; block++) {
    const at = block * blockBytes;
    if (random() % 4 === 0) bytes.fill(random() & 1 ? 255 : 0, at, at + blockBytes);
    if (layout.scales) {
      const [from, to] = layout.scales;
      const same = random();
      if (random() % 3 === 0) bytes.fill(same & 1 ? 0 : same >>> 4, at + from, at + to);
      else for (let i = from; i < to; i++) bytes[at + i] = random() >>> 4;
    }
    for (const offset of layout.halves) view.setUint16(at + offset, half(), true);
  }
  return bytes;
}
