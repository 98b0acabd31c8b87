import fc from "fast-check";
import { expect, test } from "vitest";
import { compareRunners } from "../src/parity.ts";
import { compareOnText } from "../src/text.ts";
import { judge, METRICS, parseCondition } from "../src/verdict.ts";
import { fakeRunner } from "./fake-runner.ts";

test.each([
  ["kl > 0.2", { metric: "kl", operator: ">", limit: 0.2 }],
  ["  top1<.9 ", { metric: "top1", operator: "<", limit: 0.9 }],
  ["KL-P95>=1e-3", { metric: "kl-p95", operator: ">=", limit: 0.001 }],
  ["perplexity-ratio <= -1.", { metric: "perplexity-ratio", operator: "<=", limit: -1 }],
])("%s is read", (text, condition) => {
  expect(parseCondition(text)).toEqual(condition);
});

test.each([
  "",
  "kl",
  "kl >",
  "kl = 1",
  "kl > x",
  "kl > 1 2",
  "kl > 0x10",
  "kl > 1e999",
  "0.2 < kl",
  "kl > NaN",
])("%j is no condition", (text) => {
  expect(() => parseCondition(text)).toThrow(expect.objectContaining({ code: "VERIFY_CONDITION_INVALID" }));
});

test.each(["kll > 1", "constructor > 1", "__proto__ > 1"])(
  "%s: the metrics that exist are listed",
  (text) => {
    const code = text.startsWith("__") ? "VERIFY_CONDITION_INVALID" : "VERIFY_METRIC_UNKNOWN";
    expect(() => parseCondition(text)).toThrow(expect.objectContaining({ code }));
    if (code === "VERIFY_METRIC_UNKNOWN")
      expect(() => parseCondition(text)).toThrow(
        expect.objectContaining({ hint: expect.stringContaining("kl, kl-median, kl-p95") }),
      );
  },
);

test("any text is a condition or an error with a hint", () => {
  const parts = fc.array(fc.constantFrom("kl", "top1", ">", "<=", " ", "1", ".5", "e9", "-", "\n", "é"));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        parts.map((each) => each.join("")),
      ),
      (text) => {
        try {
          const { metric, limit } = parseCondition(text);
          expect(METRICS[metric]).toBeDefined();
          expect(Number.isFinite(limit)).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^VERIFY_/), hint: expect.any(String) });
        }
      },
    ),
  );
});

const pair = {
  reference: fakeRunner(() => [0, 0]),
  candidate: fakeRunner(() => [Math.log(3), 0]),
};

test("a package fails when one of its conditions holds", async () => {
  const chat = await compareRunners(pair, [[0]], { greedyTokens: 2 });
  const text = await compareOnText(pair, [[0, 1]]);
  // KL is ln(4/3) / 2 = 0.1438, perplexity 2 → 4.
  const judged = judge(
    { chat, text },
    ["kl > 0.14", "kl > 0.15", "perplexity-ratio >= 2.1", "greedy < 1"].map(parseCondition),
  );
  expect(judged.conditions.map(({ failed }) => failed)).toEqual([true, false, false, false]);
  expect(judged.passed).toBe(false);
  expect(judge({ chat, text }, [parseCondition("top1 < 1")]).passed).toBe(true);
});

test("what was not measured cannot pass", async () => {
  const text = await compareOnText(pair, [[0]]);
  const figures = { chat: null, text };
  for (const condition of ["layer-error > 1", "fp16-range > 1", "greedy < 0", "perplexity > 1e9"]) {
    expect(judge(figures, [parseCondition(condition)])).toMatchObject({
      passed: false,
      conditions: [{ value: null, failed: true }],
    });
  }
});
