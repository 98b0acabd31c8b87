import fc from "fast-check";
import { expect, test } from "vitest";
import { neededBytes, planCandidate } from "../src/candidate.ts";
import { geometryOf } from "../src/figures.ts";
import { chunksOf, fitOf, maxContextTokens } from "../src/fit.ts";
import { candidateOf, deviceOf, manifestOf, specOf } from "./support/candidates.ts";

const SPEC = specOf("Qwen2.5-0.5B");
const GEOMETRY = geometryOf(SPEC);
const UNKNOWN = { kind: "unknown" } as const;

test.each([
  [1e9, "fits"],
  [1e9 + 1, "entitlement"],
  [2e9, "entitlement"],
  [2e9 + 1, "tooLarge"],
] as const)("%i bytes of 1 GB, with the entitlement 2 GB: %s", (bytes, fit) => {
  expect(fitOf(bytes, deviceOf(1e9, 2e9))).toBe(fit);
});

test("a limit that is not known decides nothing", () => {
  const device = deviceOf(1e9, 2e9);
  expect(fitOf(1.5e9, { ...device, limit: UNKNOWN })).toBe("entitlement");
  expect(fitOf(1.5e9, { ...device, entitledLimit: UNKNOWN })).toBe("unknown");
  expect(fitOf(0.5e9, { ...device, entitledLimit: UNKNOWN })).toBe("fits");
  expect(fitOf(0.5e9, { limit: UNKNOWN, entitledLimit: UNKNOWN })).toBe("unknown");
});

test("the largest context is the last multiple of 32 that fits", () => {
  const candidate = candidateOf(SPEC, "int8", 8);
  fc.assert(
    fc.property(fc.integer({ min: 5e8, max: 1.2e9 }), (bytes) => {
      const limits = deviceOf(bytes, bytes);
      const most = maxContextTokens(candidate, GEOMETRY, { limits, maxPositions: 32_768 })!;
      const needs = (contextTokens: number) => neededBytes(candidate, GEOMETRY, { contextTokens });
      expect(most % 32).toBe(0);
      if (most > 0) expect(needs(most)).toBeLessThanOrEqual(bytes);
      if (most < 32_768) expect(needs(most + 32)).toBeGreaterThan(bytes);
    }),
  );
});

test("no context is larger than what the model was trained for", () => {
  const candidate = candidateOf(SPEC, "int4", 4.8);
  const context = { limits: deviceOf(1e12, 1e12), maxPositions: 1000 };
  expect(maxContextTokens(candidate, GEOMETRY, context)).toBe(992);
});

test("memory of a shorter context is what its own manifest gives", () => {
  const candidate = candidateOf(SPEC, "int8", 8);
  const planned = { ...candidate, manifest: manifestOf(SPEC, 512, 128) };
  const lengths = { contextTokens: 512, prefillTokens: 128 };
  expect(neededBytes(candidate, GEOMETRY, lengths)).toBe(neededBytes(planned, GEOMETRY));
});

test("where decompression is expected, the copy in fp16 must fit", () => {
  const packed = candidateOf(SPEC, "int8", 8, { unpacking: "expected" });
  const { loadPeakBytes, packageBytes, cacheBytes, overheadBytes } = planCandidate(packed, GEOMETRY);
  expect(loadPeakBytes).toBe(packageBytes + 2 * GEOMETRY.parameters + cacheBytes + overheadBytes);
  expect(neededBytes(packed, GEOMETRY)).toBe(loadPeakBytes);
  const { peakBytes } = planCandidate({ ...packed, unpacking: "possible" }, GEOMETRY);
  expect(neededBytes({ ...packed, unpacking: "possible" }, GEOMETRY)).toBe(peakBytes);
});

test.each([
  ["coreml-ane", "iphone", 0.9e9, 1],
  ["coreml-ane", "iphone", 1.1e9, 2],
  ["coreml-ane", "mac", 1.9e9, 1],
  ["coreml-ane", "mac", 4.1e9, 3],
  ["coreml-gpu", "iphone", 4e9, 1],
  ["somebody's", "iphone", 4e9, 1],
] as const)("on %s of an %s %d bytes are %i files", (engine, kind, outputBytes, count) => {
  expect(chunksOf({ ...candidateOf(SPEC, "lut4", 4), engine, outputBytes }, kind)).toBe(count);
});
