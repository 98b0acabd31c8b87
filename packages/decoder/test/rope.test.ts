import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readDecoderSpec } from "../src/read-decoder.ts";
import { inverseFrequencies, ropeTables } from "../src/rope.ts";
import type { RopeSpec } from "../src/spec.ts";
import { SMALL } from "./families/small-config.ts";

interface Golden {
  readonly positions: readonly number[];
  readonly cases: Readonly<
    Record<
      string,
      {
        readonly headDim: number;
        readonly ropeParameters: object;
        readonly inverseFrequencies: readonly number[];
        readonly cos: readonly (readonly number[])[];
        readonly sin: readonly (readonly number[])[];
      }
    >
  >;
}

const GOLDEN: Golden = JSON.parse(
  readFileSync(join(import.meta.dirname, "fixtures/rope/expected.json"), "utf8"),
);

test.each(Object.entries(GOLDEN.cases))("%s gives transformers' frequencies and tables", (_, golden) => {
  const config = {
    ...SMALL,
    model_type: "llama",
    head_dim: golden.headDim,
    rope_parameters: golden.ropeParameters,
  };
  const rope = readDecoderSpec(config).layers[0]!.mixer.rope!;
  const inverse = inverseFrequencies(rope);
  expect(inverse.length).toBe(golden.inverseFrequencies.length);
  // One unit in the last place of F32: torch's powf is not always correctly rounded.
  golden.inverseFrequencies.forEach((value, j) => {
    expect(Math.abs(inverse[j]! / value - 1)).toBeLessThan(2 ** -23);
  });
  const { cos, sin } = ropeTables(rope, 4096);
  GOLDEN.positions.forEach((position, row) => {
    inverse.forEach((_, j) => {
      // At position 4095 one such unit of the angle; double that for the roundings of sine and cosine.
      const tolerance = 2 ** -22;
      expect(Math.abs(cos[position * inverse.length + j]! - golden.cos[row]![j]!)).toBeLessThan(tolerance);
      expect(Math.abs(sin[position * inverse.length + j]! - golden.sin[row]![j]!)).toBeLessThan(tolerance);
    });
  });
});

test("factors divide each frequency", () => {
  const plain = { theta: 10000, rotaryDim: 6, scaling: { kind: "none" } } as const;
  const stretched: RopeSpec = { ...plain, scaling: { kind: "factors", factors: [1, 2, 8] } };
  const [a, b, c] = inverseFrequencies(plain);
  expect([...inverseFrequencies(stretched)]).toEqual([a, b! / 2, c! / 8]);
});
