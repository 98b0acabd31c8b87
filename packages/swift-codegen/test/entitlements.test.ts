import { expect, test } from "vitest";
import { neededEntitlements } from "../src/entitlements.ts";
import { licenseSentence } from "../src/license.ts";

test.each([
  [100e6, 200e6, []],
  [900e6, 1_400e6, ["com.apple.developer.kernel.increased-memory-limit"]],
  [
    3_100e6,
    3_900e6,
    [
      "com.apple.developer.kernel.extended-virtual-addressing",
      "com.apple.developer.kernel.increased-memory-limit",
    ],
  ],
])("a package of %i bytes that takes %i needs %j", (packageBytes, peakBytes, needed) => {
  expect(neededEntitlements({ packageBytes, peakBytes })).toEqual(needed);
});

test("a licence that is missing is asked for", () => {
  expect(licenseSentence(undefined)).toMatch(/names no licence/);
  expect(licenseSentence("llama3.2")).toMatch(/read whether your app may carry/);
});
