import fc from "fast-check";
import { expect, test } from "vitest";
import { kthLargest } from "../../src/sampling/top-k.ts";

test.each([
  [1, 7],
  [2, 3],
  [3, 3],
  [4, 0],
  [5, -2.5],
  [6, Number.NEGATIVE_INFINITY],
])(
  "number %i of seven, three, three, zero, minus two and a half, and minus infinity is %d",
  (k, expected) => {
    expect(kthLargest(Float32Array.of(3, -2.5, 7, Number.NEGATIVE_INFINITY, 0, 3), k)).toBe(expected);
  },
);

test("any values give what sorting them gives", () => {
  const values = fc.float32Array({ minLength: 1, maxLength: 60, noNaN: true });
  fc.assert(
    fc.property(values, fc.nat(), (row, n) => {
      const k = 1 + (n % row.length);
      const sorted = row.toSorted().reverse();
      expect(kthLargest(row, k)).toBe(sorted[k - 1]);
    }),
    { numRuns: 2000 },
  );
});
