import { escapeHtml } from "@pippin/core/html";
import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeMarkdown, fenced } from "../src/report/escape.ts";
import { formatNumber, formatPercent, formatPerplexity } from "../src/report/figures.ts";
import { renderHtml } from "../src/report/html.ts";
import { renderMarkdown } from "../src/report/markdown.ts";
import type { VerifyReport } from "../src/report/model.ts";
import { plotSvg } from "../src/report/plot.ts";

const HOSTILE = `<script>alert("1")</script> & 'x' | \`\`\` [a](javascript:1) \u001b[31m\u202e`;

function reportOf(change: Partial<VerifyReport> = {}): VerifyReport {
  const range = (largest: number) => ({
    largest,
    name: "layers_0_mlp_gated",
    index: [0, 1],
    share: largest / 65504,
  });
  return {
    package: "pip.mlpackage",
    original: "pip",
    precision: "fp16",
    passed: false,
    conditions: [{ metric: "kl", operator: ">", limit: 0.2, value: 0.25, failed: true }],
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
      positions: 2,
      logitError: { max: 1, mean: 0.5 },
      klDivergence: { mean: 0.25, median: 0.2, p95: 0.3, withoutFirst: 0.2, byPosition: [0.3, 0] },
      top1Agreement: 0.5,
      top5Agreement: 0.6,
      perplexity: { original: 242.994, package: 336.4 },
      layers: {
        layers: [
          { layer: 0, relativeError: 0.01, cosine: 0.999, originalLargest: 30, range: range(32752) },
          { layer: 1, relativeError: 0.02, cosine: 0.99, originalLargest: 40, range: range(Infinity) },
        ],
        head: range(12),
      },
    },
    answers: [
      { prompt: HOSTILE, original: HOSTILE, package: "no", divergesAt: 3 },
      { prompt: "Hi?", original: "Yes", package: "Yes", divergesAt: null },
    ],
    warnings: [{ code: "X", message: HOSTILE }],
    ...change,
  };
}

test("numbers keep three digits", () => {
  expect([0, 0.25, 12345.6, 1.234e-5, 1e-4, Infinity, Number.NaN].map(formatNumber)).toEqual([
    "0",
    "0.25",
    "12,346",
    "1.2e-5",
    "1e-4",
    "infinite",
    "not measured",
  ]);
  expect([formatPercent(0.99649), formatPercent(Infinity)]).toEqual(["99.6 %", "infinite"]);
  expect([formatPerplexity(242.994), formatPerplexity(170413)]).toEqual(["242.99", "170,413"]);
});

test("a page holds no markup of a model, runs nothing and loads nothing", () => {
  const page = renderHtml(reportOf({ package: HOSTILE, original: HOSTILE }));
  expect(page).not.toContain("<script");
  expect(page).not.toContain("\u001b");
  expect(page).not.toContain("\u202e");
  expect(page).not.toMatch(/\s(?:src|href|srcset)=|url\(|@import|https?:/);
  expect(page).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;");
  expect(page).toContain("default-src 'none'");
});

test("a page has a picture with its alternative for each question, and both answers", () => {
  const page = renderHtml(reportOf());
  expect(page.match(/<svg [^>]*role="img" aria-labelledby="(\w+)-t \1-d"/g)).toHaveLength(3);
  expect(page).toContain("The largest of all is infinite.");
  expect(page).toContain("limit of fp16");
  expect(page).toContain("differs from token 4 on");
  expect(page).toContain('<th scope="row">kl &gt; 0.2</th><td>0.25</td><td>fails</td>');
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("elements of a page are closed in order", () => {
  const open: string[] = [];
  for (const [, closing, name, rest] of renderHtml(reportOf()).matchAll(/<(\/?)([a-z0-9]+)([^>]*)>/g)) {
    if (["meta"].includes(name!) || rest!.endsWith("/")) continue;
    if (name === "line" || name === "polyline" || name === "circle" || name === "rect") continue;
    if (closing === "") open.push(name!);
    else expect(open.pop()).toBe(name);
  }
  expect(open).toEqual([]);
});

test("reports do without text, layers and answers", () => {
  const bare = reportOf({ text: null, answers: [], conditions: [], warnings: [], passed: true });
  expect(renderHtml(bare)).toContain("Passed");
  expect(renderHtml(bare)).not.toContain("<svg");
  expect(renderMarkdown(bare)).not.toContain("## ");
});

test("Markdown shows text of a model as text", () => {
  const page = renderMarkdown(reportOf());
  const outside = page.replaceAll(/^(`{3,})text\n.*?\n\1$/gms, "");
  expect(outside).not.toMatch(/(?<!\\)<script/);
  expect(outside).not.toContain("](javascript");
  expect(page).toContain(`\`\`\`\`text\n<script>`);
  expect(page).toContain("| perplexity, original | 242.99 |");
});

test("escapes leave nothing that a format reads as its own", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/);
      expect(escapeMarkdown(text)).not.toMatch(/(?<!\\)(?:\\\\)*[|`<[]/);
      const block = fenced(text);
      const fence = /^`+/.exec(block)![0];
      expect(block.slice(fence.length, -fence.length)).not.toContain(fence);
    }),
  );
});

test("any values can be drawn, and all that is drawn lies in the picture", () => {
  const values = fc.array(fc.double({ min: 0 }), { maxLength: 200 });
  fc.assert(
    fc.property(values, fc.constantFrom("linear" as const, "log" as const), (list, scale) => {
      const given = list.map((value) => (value > 1e200 ? Infinity : value));
      const svg = plotSvg({
        id: "p",
        title: "t",
        description: "d",
        xLabel: "x",
        yLabel: "y",
        scale,
        series: [{ label: "s", values: given, style: "a" }],
      });
      expect(svg).not.toMatch(/NaN|Infinity/);
      for (const [, x, y] of svg.matchAll(/c?x="(-?[\d.e+-]+)" c?y="(-?[\d.e+-]+)"/g)) {
        expect(Number(x)).toBeGreaterThanOrEqual(0);
        expect(Number(x)).toBeLessThanOrEqual(440);
        expect(Number(y)).toBeGreaterThanOrEqual(0);
        expect(Number(y)).toBeLessThanOrEqual(270);
      }
    }),
  );
});
