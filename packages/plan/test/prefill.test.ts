import { expect, test } from "vitest";
import type { SpeedFigures } from "../src/model-plan.ts";
import { choosePrefill } from "../src/prefill.ts";

function speed(decode: number, prefill: number): SpeedFigures {
  const around = (mid: number) => ({ low: mid / 2, mid, high: 2 * mid });
  return {
    decodeTokensPerSecond: around(decode),
    prefillTokensPerSecond: around(prefill),
    timeToFirstTokenSeconds: around(1),
    ...{ formula: "", sources: [], basis: "calibrated" },
  };
}

// Four times the ratio, rounded up to a power of two, at least 32.
test.each([
  [10, 50, 32],
  [10, 100, 64],
  [10, 160, 64],
  [10, 170, 128],
  [10, 2000, 256],
])("decoding %i and reading %i tokens a second asks for calls of %i", (decode, prefill, tokens) => {
  expect(choosePrefill("coreml-gpu", speed(decode, prefill), 2048).tokens).toBe(tokens);
});

test("the Neural Engine takes 32, with its own reason", () => {
  const { tokens, reason } = choosePrefill("coreml-ane", speed(10, 400), 2048);
  expect(tokens).toBe(32);
  expect(reason).toMatch(/more than 32 tokens fail/);
});

test("no call is longer than the context", () => {
  expect(choosePrefill("coreml-gpu", speed(10, 400), 48).tokens).toBe(48);
});

test("without a prediction it is the backend's default", () => {
  expect(choosePrefill("coreml-gpu", null, 2048).tokens).toBe(64);
});
