import { expect, test } from "vitest";
import { isAtLeast, parseVersion } from "../src/version.ts";

test.each([
  ["3.28.3", [3, 28, 3]],
  ["0.20.dev30", [0, 20]],
  ["2.13.0+cpu", [2, 13, 0]],
  ["16", [16]],
  ["70.", [70]],
  ["22.18.0-nightly", [22, 18, 0]],
])("%s is read by its leading numbers", (text, numbers) => {
  expect(parseVersion(text)).toEqual(numbers);
});

test.each(["", "v3.1", " 3.1", "dev", "1234567.0", "-1", "٣.١"])("%j is no version", (text) => {
  expect(parseVersion(text)).toBeUndefined();
});

test.each([
  [[3, 9], [3, 24], false],
  [[3, 24], [3, 24], true],
  [[4], [3, 24], true],
  [[3], [3, 1], false],
  [[3, 0, 1], [3], true],
])("%j is at least %j: %j", (version, least, expected) => {
  expect(isAtLeast(version, least)).toBe(expected);
});
