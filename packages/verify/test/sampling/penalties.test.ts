import { expect, test } from "vitest";
import { Penalties } from "../../src/sampling/penalties.ts";

const OFF = { repetitionPenalty: 1, frequencyPenalty: 0, presencePenalty: 0 };
const LOGITS = Float32Array.of(2, -2, 0, 1);

test("without penalties the row is passed on", () => {
  const penalties = new Penalties(OFF, [0, 1]);
  penalties.add(3);
  expect(penalties.apply(LOGITS)).toBe(LOGITS);
});

test("a repetition penalty divides what is positive and multiplies what is negative, once, in prompt and answer", () => {
  const penalties = new Penalties({ ...OFF, repetitionPenalty: 2 }, [0, 0, 1, 2]);
  penalties.add(3);
  penalties.add(3);
  expect([...penalties.apply(LOGITS)]).toEqual([1, -4, 0, 0.5]);
  expect([...LOGITS]).toEqual([2, -2, 0, 1]);
});

test("frequency and presence penalties count the answer only", () => {
  const penalties = new Penalties({ ...OFF, frequencyPenalty: 0.5, presencePenalty: 0.25 }, [0, 0, 1, 2]);
  penalties.add(3);
  penalties.add(1);
  penalties.add(3);
  expect([...penalties.apply(LOGITS)]).toEqual([2, -2.75, 0, -0.25]);
});

test("the repetition penalty comes first", () => {
  const penalties = new Penalties({ repetitionPenalty: 2, frequencyPenalty: 0.5, presencePenalty: 0.25 }, []);
  penalties.add(0);
  expect(penalties.apply(LOGITS)[0]).toBe(0.25);
});

test("results are rounded to Float32", () => {
  const penalties = new Penalties({ ...OFF, repetitionPenalty: Math.fround(1.1) }, [0]);
  expect(penalties.apply(Float32Array.of(1))[0]).toBe(Math.fround(1 / Math.fround(1.1)));
});

test("tokens that the row has no logit for are passed over, and -Infinity stays", () => {
  const penalties = new Penalties({ ...OFF, repetitionPenalty: 2 }, [7, 1]);
  expect([...penalties.apply(Float32Array.of(1, Number.NEGATIVE_INFINITY))]).toEqual([
    1,
    Number.NEGATIVE_INFINITY,
  ]);
});
