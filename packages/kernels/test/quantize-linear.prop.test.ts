import fc from "fast-check";
import { expect, test } from "vitest";
import { linearRange } from "../src/linear.ts";
import { f16Code } from "../src/plain/float16.ts";
import { plainQuantizeLinearGroups } from "../src/plain/linear.ts";
import { quantizeLinearGroups } from "../src/quantize-linear.ts";

const ranges = fc
  .record({
    dtype: fc.constantFrom("int4", "int8", "uint4", "uint8"),
    mode: fc.constantFrom("symmetric", "asymmetric"),
  })
  .map(linearRange);
const finite = fc.integer({ min: 0, max: 0xffff }).filter((code) => (code & 0x7c00) !== 0x7c00);
/** Around one magnitude, as the values of a block are, so that all integers occur. */
const alike = fc
  .tuple(
    fc.integer({ min: -22, max: 14 }),
    fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 8 }),
  )
  .map(([exponent, values]) => values.map((value) => f16Code(value * 2 ** exponent)));
const zeros = fc.nat(40).map((count) => new Array<number>(count).fill(0x8000));
const groups = fc
  .tuple(
    fc.constantFrom(1, 3, 8, 16, 32, 40, 64, 77, 128),
    fc.array(fc.oneof(fc.array(finite, { size: "medium" }), alike, alike, zeros), {
      minLength: 1,
      maxLength: 24,
    }),
  )
  .map(([groupSize, parts]) => {
    const codes = Uint16Array.from(parts.flat());
    return { groupSize, codes: codes.slice(0, codes.length - (codes.length % groupSize)) };
  });

test("the kernels and their plain twin give the same integers, scales, offsets and counts", () => {
  fc.assert(
    fc.property(ranges, groups, (range, { groupSize, codes }) => {
      const wasm = quantizeLinearGroups(codes, groupSize, range);
      const plain = plainQuantizeLinearGroups(codes, groupSize, range);

      expect(wasm.scale).toEqual(plain.scale);
      expect(wasm.offset).toEqual(plain.offset);
      expect(wasm.bytes).toEqual(plain.bytes);
      const { squaredError, squares, maxError, ...counts } = wasm.sums;
      expect(counts).toEqual(expect.objectContaining(counts));
      expect({ ...plain.sums, squaredError, squares, maxError }).toEqual(wasm.sums);
    }),
    { numRuns: 1500 },
  );
});

test("the kernels' sums of errors are those of the twin to a few parts in ten thousand of a step", () => {
  fc.assert(
    fc.property(ranges, groups, (range, { groupSize, codes }) => {
      const { sums } = quantizeLinearGroups(codes, groupSize, range);
      const plain = plainQuantizeLinearGroups(codes, groupSize, range).sums;

      // Errors are known to 2^-13 of a scale, and no scale is above 3 · max / (high − low).
      expect(Math.abs(sums.squares - plain.squares)).toBeLessThanOrEqual(1e-4 * plain.squares);
      expect(sums.maxError).toBeLessThanOrEqual(plain.maxError * 1.001 + 2 ** -12 * 20000);
      expect(Math.abs(Math.sqrt(sums.squaredError) - Math.sqrt(plain.squaredError))).toBeLessThanOrEqual(
        3e-4 * Math.sqrt(plain.squares),
      );
    }),
    { numRuns: 500 },
  );
});

test("multiplying by the inverse gives the integers of a division, for every mantissa of the scale", () => {
  const range = linearRange({ dtype: "int8", mode: "symmetric" });
  // The largest of a row, 1 to 2 in 1024 steps, sets the scale; eight binades below it are tried in part.
  const below = Math.floor((8 * 1024) / 7);
  const codes = Uint16Array.from({ length: 1024 * (below + 1) }, (_, i) => {
    const row = Math.floor(i / (below + 1));
    return 0x3c00 + row - 7 * (i % (below + 1)) - (i % (below + 1) === 0 ? 0 : row % 7);
  });

  const wasm = quantizeLinearGroups(codes, below + 1, range);

  expect(wasm.bytes).toEqual(plainQuantizeLinearGroups(codes, below + 1, range).bytes);
});
