import fc from "fast-check";
import { expect, test } from "vitest";
import { CHIPS, findChip } from "../../src/chips.ts";
import { peakBandwidth } from "../../src/speed/cost-model.ts";
import { ENGINE_IDS } from "../../src/speed/engines.ts";
import { predictSpeed } from "../../src/speed/predict.ts";
import type { Range, SpeedPrediction, SpeedQuery, Work } from "../../src/speed/query.ts";

/** Qwen2.5-1.5B: 1.54 billion weights, 28 layers, 2 KV heads of 128. */
function qwen(bits: number): Work {
  return { weightBytes: (1.54e9 * bits) / 8, cacheBytesPerToken: 28_672, parameters: 1.54e9, layers: 28 };
}

function predict(query: Partial<SpeedQuery>): SpeedPrediction {
  const defaults: SpeedQuery = {
    work: qwen(4.5),
    engine: "coreml-gpu",
    chip: "A17 Pro",
    contextTokens: 512,
    promptTokens: 256,
  };
  const prediction = predictSpeed({ ...defaults, ...query });
  if (prediction === undefined) throw new Error("the chip is in the table");
  return prediction;
}

test("a token of the prompt sees half of it by itself, and more costs more", () => {
  const prefill = (promptSeesTokens?: number) => predict({ promptSeesTokens }).prefill.mid;
  expect(prefill(128)).toBe(prefill());
  expect(prefill(4096)).toBeLessThan(prefill());
});

test("of an unknown chip nothing is said", () => {
  const query = { work: qwen(4), engine: "mlx", contextTokens: 1, promptTokens: 1 } as const;
  expect(predictSpeed({ ...query, chip: "A99" })).toBeUndefined();
});

test.each(ENGINE_IDS)(
  "%s: fewer bits are faster, a longer context is slower, a faster chip is faster",
  (engine) => {
    const mid = (query: Partial<SpeedQuery>) => predict({ engine, ...query }).decode.mid;
    expect(mid({ work: qwen(4.5) })).toBeGreaterThan(mid({ work: qwen(16) }));
    expect(mid({ contextTokens: 8192 })).toBeLessThan(mid({ contextTokens: 128 }));
    expect(mid({ chip: "A19 Pro" })).toBeGreaterThan(mid({ chip: "A15" }));
  },
);

test.each(["M1", "M2", "M3", "M4", "M5"])(
  "%s: the neural engine's own bandwidth bounds its decoding",
  (chip) => {
    const work = qwen(16);
    const bound = (peakBandwidth(findChip(chip) as never, "coreml-ane") * 1e9) / work.weightBytes;
    const { decode } = predict({ work, chip, engine: "coreml-ane" });
    expect(decode.mid).toBeLessThan(bound);
    expect(bound).toBeLessThan(80e9 / work.weightBytes);
  },
);

test("a model with experts is slower than a dense one that reads as many bytes", () => {
  const dense = predict({ chip: "M4 Max", engine: "mlx" });
  const experts = predict({ chip: "M4 Max", engine: "mlx", work: { ...qwen(4.5), expertLayers: 28 } });
  expect(experts.decode.mid).toBeLessThan(dense.decode.mid);
  expect(experts.prefill.mid).toBeLessThan(dense.prefill.mid);
});

test("only iPhones get a sustained rate, and it is at most the cold one", () => {
  const { decode, sustainedDecode } = predict({ chip: "A19 Pro", engine: "mlx" });
  expect(sustainedDecode?.mid).toBeLessThanOrEqual(decode.mid);
  expect(sustainedDecode?.low).toBeLessThanOrEqual(decode.low);
  expect(predict({ chip: "M4", engine: "mlx" }).sustainedDecode).toBeUndefined();
});

test.each([
  ["mlx", "A19 Pro", "calibrated"],
  ["llama.cpp", "M2 Ultra", "calibrated"],
  ["coreml-gpu", "A17 Pro", "extrapolated"],
  ["mlc", "A17 Pro", "extrapolated"],
  ["mlx", "Snapdragon 8 Gen 3", "extrapolated"],
] as const)("%s on %s is %s", (engine, chip, basis) => {
  expect(predict({ engine, chip }).basis).toBe(basis);
});

test("extrapolated ranges are wider than calibrated ones of the same chip", () => {
  const width = ({ low, high }: Range) => high / low;
  const extrapolated = predict({ engine: "mlc", chip: "A19 Pro" });
  const calibrated = predict({ engine: "mlx", chip: "A19 Pro" });
  expect(width(extrapolated.decode)).toBeGreaterThan(width(calibrated.decode));
});

/** A refit moves these; they are here so that nothing else does. */
test.each([
  ["coreml-ane", "A17 Pro", "24 31 39"],
  ["coreml-gpu", "A17 Pro", "17 27 43"],
  ["mlc", "A17 Pro", "14 26 49"],
  ["mlx", "A19 Pro", "51 67 89"],
  ["coreml-ane", "M4", "27 34 44"],
  ["mlx", "M4 Max", "250 310 380"],
  ["llama.cpp", "M2 Ultra", "170 200 230"],
] as const)("Qwen2.5-1.5B at 4.5 bits, %s on %s: %s tokens a second", (engine, chip, expected) => {
  const { low, mid, high } = predict({ engine, chip }).decode;
  expect([low, mid, high].map((rate) => Number(rate.toPrecision(2))).join(" ")).toBe(expected);
});

test("the formula and the sources name what was used", () => {
  const { formula, sources } = predict({ engine: "coreml-ane", chip: "A17 Pro" });
  expect(formula).toMatch(/ms for 28 layers \+ .* ms for 0\.87 GB at \d+ % of 51\.2 GB\/s/);
  expect(sources).toEqual([
    "A17 Pro: 51.2 GB/s (estimate), 64-bit bus at the data rate reported by teardowns; Apple publishes no figure",
    "neural engine: not measured; that of similar chips is taken",
  ]);
});

test("every prediction is finite, positive, and within its range", () => {
  const query = fc.record({
    work: fc.record({
      weightBytes: fc.integer({ min: 1e6, max: 1e12 }),
      cacheBytesPerToken: fc.integer({ min: 0, max: 1e6 }),
      parameters: fc.integer({ min: 1e6, max: 1e12 }),
      layers: fc.integer({ min: 1, max: 200 }),
    }),
    engine: fc.constantFrom(...ENGINE_IDS),
    chip: fc.constantFrom(...CHIPS.map(({ name }) => name)),
    contextTokens: fc.integer({ min: 0, max: 1e6 }),
    promptTokens: fc.integer({ min: 0, max: 1e6 }),
  });
  fc.assert(
    fc.property(query, (each) => {
      const { decode, prefill, sustainedDecode } = predict(each);
      for (const range of [decode, prefill, ...(sustainedDecode === undefined ? [] : [sustainedDecode])]) {
        expect(range.low).toBeGreaterThan(0);
        expect(range.low).toBeLessThanOrEqual(range.mid);
        expect(range.mid).toBeLessThanOrEqual(range.high);
        expect(Number.isFinite(range.high)).toBe(true);
      }
    }),
  );
});
