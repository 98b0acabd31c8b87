import type { BackendPlan } from "@pippin/core";
import { expect, test } from "vitest";
import { type Looked, planOnce } from "../src/look-first.ts";

const made = { outputBytes: 1 } as BackendPlan;
const again = { outputBytes: 2 } as BackendPlan;

test.each([
  ["a folder's plan is not made twice", {}, made, made],
  ["weights that were fetched since lie elsewhere", { remote: {} }, made, again],
  ["what only the weights decide is planned with them", {}, undefined, again],
])("%s", (_, model, plan, expected) => {
  const looked = { model, plan, out: "out" } as unknown as Looked;
  expect(planOnce(looked, () => again)).toBe(expected);
});
