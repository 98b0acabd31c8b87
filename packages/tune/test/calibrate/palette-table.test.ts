import { expect, test } from "vitest";
import { weightedTable } from "../../src/calibrate/palette-table.ts";
import { normals, randomFrom } from "./random.ts";

function costOf(values: Float32Array, importance: Float64Array, table: Float32Array): number {
  return values.reduce((sum, value, i) => {
    return sum + importance[i]! * Math.min(...Array.from(table, (entry) => (value - entry) ** 2));
  }, 0);
}

test("values that count more are kept better", () => {
  const values = normals(2000, randomFrom(1));
  const even = new Float64Array(values.length).fill(1);
  const uneven = even.map((_, i) => (i % 10 === 0 ? 100 : 1));

  const [plain, weighted] = [weightedTable(values, even, 16), weightedTable(values, uneven, 16)];

  expect(costOf(values, uneven, weighted)).toBeLessThan(costOf(values, uneven, plain));
  expect(costOf(values, even, plain)).toBeLessThan(costOf(values, even, weighted));
});

test("a table of normal values is about as good as Lloyd's quantizer", () => {
  const values = normals(20_000, randomFrom(2));
  const even = new Float64Array(values.length).fill(1);
  // Max, "Quantizing for minimum distortion" (1960), table I: 0.009497 for 16 levels; 0.03454 for 8.
  expect(costOf(values, even, weightedTable(values, even, 16)) / values.length).toBeLessThan(0.0098);
  expect(costOf(values, even, weightedTable(values, even, 8)) / values.length).toBeLessThan(0.0354);
});

test("few distinct values are kept exactly, whatever their sign", () => {
  const values = Float32Array.from([-1, 0.5, -1, 0.25, 0, 0.5, -2]);
  const table = weightedTable(values, new Float64Array(values.length).fill(1), 8);
  expect(costOf(values, new Float64Array(values.length).fill(1), table)).toBe(0);
  expect([...table].sort((a, b) => a - b)).toEqual([...table]);
});
