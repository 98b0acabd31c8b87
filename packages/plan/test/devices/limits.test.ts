import { expect, test } from "vitest";
import {
  derivedEntitledLimit,
  derivedLimit,
  GIB,
  type MemoryLimit,
  workingSetLimit,
} from "../../src/devices/limits.ts";

function bytes(limit: MemoryLimit): number {
  if (limit.kind !== "derived") throw new Error("a rule derives");
  return limit.bytes;
}

// What third parties measured, as the doc comments list it, and how far off the rule is.
test.each([
  ["iPhone 12 mini", 4, 2.1e9, 0.03],
  ["iPhone 13 Pro", 6, 3 * GIB, 0],
  ["iPhone 15 Pro", 8, 3 * GIB, 0],
  ["iPhone 15 Pro Max", 8, 3.3e9, 0.03],
])("the limit of %s with %i GiB is derived as it was measured", (_, memory, measured, tolerance) => {
  expect(Math.abs(bytes(derivedLimit(memory * GIB)) / measured - 1)).toBeLessThanOrEqual(tolerance);
});

test.each([
  ["iPhone 12 mini", "iphone", 4, 2.4e9, 0.11],
  ["iPhone 13 Pro", "iphone", 6, 4.2e9, 0.03],
  ["iPhone 15 Pro", "iphone", 8, 6 * GIB, 0],
  ["iPhone 15 Pro Max", "iphone", 8, 6e9, 0.08],
  ["iPhone 17 Pro Max", "iphone", 12, 6 * GIB, 0],
  ["iPad Pro of 8 GB, iPadOS 15", "ipad", 8, 6 * GIB, 0],
  ["iPad Pro of 16 GB, iPadOS 15", "ipad", 16, 12 * GIB, 0],
  ["iPad Pro of 16 GB, iPadOS 18", "ipad", 16, 13 * GIB, 0.08],
] as const)("with the entitlement: %s", (_, kind, memory, measured, tolerance) => {
  expect(Math.abs(bytes(derivedEntitledLimit(memory * GIB, kind)) / measured - 1)).toBeLessThanOrEqual(
    tolerance,
  );
});

// MiB that llama.cpp printed as recommendedMaxWorkingSetSize.
test.each([
  [16, 10_922.67],
  [32, 21_845.34],
  [64, 49_152],
])("a Mac of %i GB recommends a working set of %d MiB", (memory, mebibytes) => {
  expect(bytes(workingSetLimit(memory * GIB)) / 2 ** 20).toBeCloseTo(mebibytes, 1);
});
