import fc from "fast-check";
import { expect, test } from "vitest";
import { paretoFront } from "../src/pareto.ts";
import { comparisonRows } from "../src/report/comparison.ts";
import { renderComparisonHtml } from "../src/report/comparison-html.ts";
import { renderComparisonMarkdown } from "../src/report/comparison-markdown.ts";
import type { ComparedPackage, ComparisonReport } from "../src/report/model.ts";
import { placeLabels } from "../src/report/place-labels.ts";
import { scatterSvg } from "../src/report/scatter.ts";

function packageOf(name: string, bytes: number, kl: number): ComparedPackage {
  const errors = [0.01, 0.02].map((relativeError, layer) => {
    return { layer, relativeError: relativeError * kl, cosine: 1, originalLargest: 1, range: null };
  });
  return {
    package: name,
    encoding: "int4",
    bytes,
    precision: "fp16",
    passed: kl < 0.2,
    conditions: [{ metric: "kl", operator: ">", limit: 0.2, value: kl, failed: kl > 0.2 }],
    chat: {
      positions: 2,
      maxAbsError: 1,
      meanAbsError: 0.5,
      klDivergence: 0.1,
      top1Agreement: 1,
      greedy: { tokens: 2, equal: 1, continuations: [[1, 2]], differences: [] },
    },
    text: {
      windows: 1,
      positions: 64,
      logitError: { max: 1, mean: 0.5 },
      klDivergence: { mean: kl, median: kl, p95: kl, withoutFirst: kl, byPosition: [kl] },
      top1Agreement: 0.9,
      top5Agreement: 0.8,
      perplexity: { original: 20, package: 21.5 },
      layers: { layers: errors, head: null },
    },
    answers: [],
  };
}

const REPORT: ComparisonReport = {
  original: "pip",
  passed: false,
  packages: [packageOf("fp16", 7.5e6, 1e-6), packageOf("lut4", 2e6, 0.25), packageOf("<int4>", 2.25e6, 0.5)],
  warnings: [],
};

test.each([
  [
    "the smallest first",
    [
      [7, 1],
      [2, 3],
      [4, 2],
    ],
    [1, 2, 0],
  ],
  [
    "none that is larger and farther",
    [
      [7, 1],
      [8, 2],
      [2, 3],
    ],
    [2, 0],
  ],
  [
    "none that is larger and as far",
    [
      [7, 1],
      [8, 1],
    ],
    [0],
  ],
  [
    "both of two equals",
    [
      [7, 1],
      [7, 1],
    ],
    [0, 1],
  ],
  [
    "none that was not measured",
    [
      [7, Number.NaN],
      [8, 1],
    ],
    [1],
  ],
] as [string, [number, number][], number[]][])("the Pareto front holds %s", (_, trades, front) => {
  expect(paretoFront(trades.map(([bytes, kl]) => ({ bytes, kl })))).toEqual(front);
});

test("the table has a row for each package, in the order in which they were named", () => {
  expect(comparisonRows(REPORT)).toEqual([
    ["fp16", "int4", "7.5", "21.5", "1e-6", "90 %", "80 %", "1 of 2", "passed"],
    ["lut4", "int4", "2", "21.5", "0.25", "90 %", "80 %", "1 of 2", "failed"],
    ["<int4>", "int4", "2.25", "21.5", "0.5", "90 %", "80 %", "1 of 2", "failed"],
  ]);
  expect(comparisonRows({ packages: [{ ...REPORT.packages[0]!, text: null }] })[0]!.slice(3, 7)).toEqual([
    "not measured",
    "0.1",
    "100 %",
    "not measured",
  ]);
});

test("the page draws size against divergence with the front, and a line a package through the layers", () => {
  const page = renderComparisonHtml(REPORT);
  expect(page).toContain("<title>3 packages beside pip</title>");
  expect(page).toContain("size on disk, MB");
  expect(page).toContain("mean KL divergence, nats, log scale");
  expect(page).toContain("No other package is both smaller and closer than: lut4, fp16.");
  expect(page.match(/<polyline class="front"/g)).toHaveLength(1);
  expect(page.match(/<polyline class="line \w"/g)).toHaveLength(3);
  expect(page).toContain("&lt;int4&gt;");
  expect(page).not.toContain("<int4>");
  expect(page).not.toMatch(/<script|\s(?:src|href)=|url\(|https?:/);
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("a package without any divergence is named where it cannot be drawn", () => {
  const page = renderComparisonHtml({ ...REPORT, packages: [packageOf("same", 1e6, 0), ...REPORT.packages] });
  expect(page).toContain("A divergence of 0 has no place on a log scale: same.");
  expect(page).not.toMatch(/NaN|Infinity/);
});

test("Markdown holds the table, the front and each threshold", () => {
  const page = renderComparisonMarkdown(REPORT);
  expect(page).toContain("| lut4 | int4 | 2 | 21.5 | 0.25 |");
  expect(page).toContain("| lut4 | kl \\> 0.2 | 0.25 | fails |");
  expect(page).toContain("closer than: lut4, fp16.");
});

const BOUNDS = { left: 62, right: 426, top: 27, bottom: 226 };
const place = fc.record({
  x: fc.double({ min: 62, max: 426, noNaN: true }),
  y: fc.double({ min: 40, max: 226, noNaN: true }),
  width: fc.constant(80),
  height: fc.constant(13),
});

test("eight names never cover each other, and stay in the picture", () => {
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 8 }), (points) => {
      const boxes = placeLabels(points, BOUNDS);
      for (const [index, a] of boxes.entries()) {
        expect(a.left).toBeGreaterThanOrEqual(BOUNDS.left - 1e-9);
        expect(a.right).toBeLessThanOrEqual(BOUNDS.right + 1e-9);
        expect(a.top).toBeGreaterThanOrEqual(BOUNDS.top - 1e-9);
        expect(a.bottom).toBeLessThanOrEqual(BOUNDS.bottom + 1e-9);
        for (const b of boxes.slice(index + 1)) {
          const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
          expect(apart).toBe(true);
        }
      }
    }),
  );
});

test("a name keeps away from the line that joins the front", () => {
  const line = { left: 100, right: 300, top: 99, bottom: 101 };
  const [box] = placeLabels([{ x: 100, y: 100, width: 60, height: 13 }], BOUNDS, [line]);
  expect(box!.right <= line.left || box!.bottom <= line.top || box!.top >= line.bottom).toBe(true);
});

test("any points can be drawn, and all that is drawn lies in the picture", () => {
  const point = fc.record({
    label: fc.string(),
    x: fc.double({ min: 0, max: 1e6, noNaN: true }),
    y: fc.oneof(fc.double({ min: 0 }), fc.constant(Number.NaN)),
    style: fc.constantFrom("a" as const, "d" as const),
    front: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(point, { maxLength: 6 }), (points) => {
      const given = points.map((each) => ({ ...each, label: "p", y: each.y > 1e200 ? Infinity : each.y }));
      const svg = scatterSvg({
        id: "p",
        title: "t",
        description: "d",
        xLabel: "x",
        yLabel: "y",
        points: given,
      });
      expect(svg).not.toMatch(/NaN|Infinity/);
    }),
  );
});
