import { createCodeHistogram, encodeIndices, f16Value, type IndexBits, unpackIndices } from "@pippin/kernels";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fitPalette } from "../../src/palette/fit.ts";
import { depalettize, palettize } from "../../src/palette/palettize.ts";
import { DISTRIBUTIONS, type Distribution, randomCodes } from "./random-weights.ts";

const BITS = [1, 2, 3, 4, 6, 8] as const;
const bitsOf = fc.constantFrom<IndexBits>(...BITS);
const finiteCode = fc.integer({ min: 0, max: 0x7bff }).chain((code) => fc.constantFrom(code, code | 0x8000));

function palettizeTensor(codes: Uint16Array, bits: IndexBits, search?: "exact" | "fast") {
  const encoding = { kind: "palette", bits, granularity: "per_tensor" } as const;
  const result = palettize(codes, [1, codes.length], encoding, { search });
  return { ...result, decoded: depalettize(result, [1, codes.length], encoding) };
}

function squaredErrorBetween(a: Uint16Array, b: Uint16Array): number {
  return a.reduce((sum, code, i) => sum + (f16Value(code) - f16Value(b[i]!)) ** 2, 0);
}

test("any finite codes: nearest entries, ascending tables, true error figures", () => {
  fc.assert(
    fc.property(fc.array(finiteCode, { minLength: 1, maxLength: 400, size: "max" }), bitsOf, (list, bits) => {
      const codes = Uint16Array.from(list);
      const { lut, decoded, squaredError, sumOfSquares, lowerBound } = palettizeTensor(codes, bits);
      const entries = Array.from(lut, f16Value);
      expect(entries).toEqual([...entries].sort((a, b) => a - b));
      codes.forEach((code, i) => {
        const distance = Math.abs(f16Value(code) - f16Value(decoded[i]!));
        expect(distance).toBe(Math.min(...entries.map((entry) => Math.abs(f16Value(code) - entry))));
      });
      const zeros = new Uint16Array(codes.length);
      expect(squaredError).toBeCloseTo(
        squaredErrorBetween(codes, decoded),
        -Math.log10(1e-9 * sumOfSquares + 1e-30),
      );
      expect(sumOfSquares / squaredErrorBetween(codes, zeros) || 1).toBeCloseTo(1, 9);
      expect(lowerBound).toBeLessThanOrEqual(squaredError + 1e-9 * sumOfSquares);
    }),
    { numRuns: 150 },
  );
});

test("ties go to the lower entry", () => {
  const indices = encodeIndices(Uint16Array.of(0x3c00, 0x4000, 0x4200), {
    bits: 1,
    lut: Uint16Array.of(0x3c00, 0x4200),
  });

  expect([...unpackIndices(indices, 1, 3)]).toEqual([0, 0, 1]);
});

const cases = (Object.keys(DISTRIBUTIONS) as Distribution[]).flatMap((name) =>
  ([2, 4, 6, 8] as const).map((bits) => [name, bits] as const),
);

test.each(cases)(
  "the fast search is close to the exact one, and its bound holds: %s, %i bits",
  (name, bits) => {
    const codes = randomCodes(name, 9216);
    const fast = palettizeTensor(codes, bits, "fast");
    const exact = palettizeTensor(codes, bits, "exact");

    expect(fast.squaredError).toBeLessThanOrEqual(1.002 * exact.squaredError);
    expect(fast.lowerBound).toBeLessThanOrEqual(exact.squaredError);
    expect(exact.lowerBound).toBeLessThanOrEqual(exact.squaredError);
  },
);

test("up to 2^bits distinct values are kept exactly, and the last one fills the table", () => {
  const { lut, decoded, squaredError } = palettizeTensor(
    Uint16Array.of(0x4000, 0x8000, 0xbc00, 0, 0x4000),
    2,
  );

  expect([...lut]).toEqual([0xbc00, 0, 0x4000, 0x4000]);
  expect([...decoded]).toEqual([0x4000, 0, 0xbc00, 0, 0x4000]);
  expect(squaredError).toBe(0);
});

test.each([
  ["zeros", 0],
  ["the largest value", 0x7bff],
  ["the lowest value", 0xfbff],
  ["the smallest subnormal", 0x0001],
])("%s alone, over and over", (_, code) => {
  const { lut, decoded, squaredError, lowerBound } = palettizeTensor(new Uint16Array(100).fill(code), 4);

  expect(new Set(lut)).toEqual(new Set([code]));
  expect(new Set(decoded)).toEqual(new Set([code]));
  expect([squaredError, lowerBound]).toEqual([0, 0]);
});

test("groups are palettes of their own rows, also where a group ends within a byte", () => {
  const groups = [0, 1, 2].map((seed) => randomCodes("normal", 4 * 5, seed));
  const codes = Uint16Array.from(groups.flatMap((group) => [...group]));
  const encoding = { kind: "palette", bits: 3, granularity: "per_grouped_channel", groupSize: 4 } as const;
  const result = palettize(codes, [12, 5], encoding);
  const alone = groups.map((group) => palettizeTensor(group, 3, "fast"));

  expect(result.groups).toBe(3);
  expect([...result.lut]).toEqual(alone.flatMap(({ lut }) => [...lut]));
  expect([...depalettize(result, [12, 5], encoding)]).toEqual(alone.flatMap(({ decoded }) => [...decoded]));
  expect(result.squaredError).toBeCloseTo(
    alone.reduce((sum, one) => sum + one.squaredError, 0),
    12,
  );
});

test("a tensor in pieces gives the same table and the same bytes", () => {
  const codes = randomCodes("heavyTails", 200_003);
  const whole = palettizeTensor(codes, 6);
  const pieces = [0, 65536, 131072]
    .map((at) => codes.subarray(at, at + 65536))
    .concat(codes.subarray(196608));
  const histogram = createCodeHistogram();
  for (const piece of pieces) histogram.add(piece);
  const palette = fitPalette(histogram, 6);

  expect(palette.lut).toEqual(whole.lut);
  expect(Buffer.concat(pieces.map((piece) => encodeIndices(piece, palette))).equals(whole.indices)).toBe(
    true,
  );
});
