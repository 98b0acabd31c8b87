import { expect, test } from "vitest";
import { CHIPS, findChip } from "../src/chips.ts";

test.each([
  ["A17 Pro", "A17 Pro"],
  ["apple m3 max", "M3 Max"],
  ["M4 Max (32-core GPU)", "M4 Max (32-core GPU)"],
  ["Snapdragon 8 Gen 3", "Snapdragon 8 Gen 3"],
])("%s is found as %s", (asked, name) => {
  expect(findChip(asked)?.name).toBe(name);
});

test.each(["", "A99", "M3 Maximum", "Pro"])("%o is no chip", (name) => {
  expect(findChip(name)).toBeUndefined();
});

test("a plain name stands for the variant with the larger GPU", () => {
  const plain = findChip("M4 Max");
  const smaller = findChip(plain?.smallerVariant ?? "");
  expect(plain?.bandwidth.gigabytesPerSecond).toBe(546);
  expect(smaller?.bandwidth.gigabytesPerSecond).toBe(410);
});

test.each(CHIPS.map((chip) => [chip.name, chip] as const))("%s has a bandwidth with a source", (_, chip) => {
  expect(chip.bandwidth.gigabytesPerSecond).toBeGreaterThan(30);
  expect(chip.bandwidth.source).not.toBe("");
  expect(chip.neuralEngineGigabytesPerSecond ?? 0).toBeLessThan(chip.bandwidth.gigabytesPerSecond);
});

test("no iPhone's bandwidth is called the vendor's, since Apple publishes none", () => {
  const kinds = CHIPS.filter((chip) => chip.class === "iphone").map((chip) => chip.bandwidth.kind);
  expect(kinds).not.toContain("vendor peak");
});
