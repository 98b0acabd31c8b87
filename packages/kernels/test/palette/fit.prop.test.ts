import fc from "fast-check";
import { expect, test } from "vitest";
import { fitTable } from "../../src/palette/fit.ts";
import { createCodeHistogram, type IndexBits } from "../../src/palette.ts";
import { f16Code } from "../../src/plain/float16.ts";
import { plainKMeans } from "./plain-kmeans.ts";

test("small inputs: no palette of F16 values is better than the optimum by more than rounding", () => {
  const small = fc.array(fc.integer({ min: -64, max: 64 }), { minLength: 5, maxLength: 40 });
  fc.assert(
    fc.property(small, fc.constantFrom<IndexBits>(1, 2, 3), (integers, bits) => {
      const histogram = createCodeHistogram();
      histogram.add(Uint16Array.from(integers, f16Code));
      const { squaredError, lowerBound } = fitTable(histogram.distinct(), bits);
      const best = plainKMeans(integers, 2 ** bits);
      expect(lowerBound).toBeCloseTo(best, 6);
      // A mean below 64 moves by at most 2^-6 when it is rounded.
      expect(squaredError - best).toBeGreaterThan(-1e-6);
      expect(squaredError - best).toBeLessThan(integers.length * 2 ** -12);
    }),
    { numRuns: 150 },
  );
});
