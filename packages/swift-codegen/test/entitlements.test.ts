import { expect, test } from "vitest";
import { neededEntitlements } from "../src/entitlements.ts";
import { isPermissive, licenseSentence } from "../src/license.ts";

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

test.each([
  ["Apache-2.0", true],
  ["mit", true],
  ["llama3.2", false],
  ["other", false],
  ["cc-by-nc-4.0", false],
  [undefined, false],
])("%s is permissive: %s", (license, permissive) => {
  expect(isPermissive(license)).toBe(permissive);
});

test("a licence that is missing is asked for", () => {
  expect(licenseSentence(undefined)).toMatch(/names no licence/);
  expect(licenseSentence("llama3.2")).toMatch(/read whether your app may carry/);
});
