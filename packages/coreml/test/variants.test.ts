import { type DecoderSpec, readDecoder, type WeightSet } from "@pippin/decoder";
import { expect, test } from "vitest";
import { backend } from "../src/backend.ts";
import { unpackingOf, variants } from "../src/variants.ts";
import { tinyModel } from "./support/tiny-model.ts";

const SIZES = { hidden_size: 64, head_dim: 16, intermediate_size: 128 };

/** The tiny model as a GGUF of one block type would have it; `plan` reads no weight. */
async function quantized(dtype: string): Promise<{ spec: DecoderSpec; weights: WeightSet }> {
  const { spec, weights } = readDecoder(await tinyModel(SIZES));
  const expr: WeightSet["expr"] = (role) => {
    const plain = weights.expr(role);
    if (plain.shape.length < 2) return plain;
    return { ...plain, source: { ...plain.source, dtype } as never };
  };
  return { spec, weights: { ...weights, expr } };
}

function planOf(model: { spec: DecoderSpec; weights: WeightSet }, options: Record<string, unknown>) {
  const facts = { name: "test/tiny", stopTokens: [2] };
  return backend.plan({ ...model, facts, name: "Tiny" }, backend.options.parse(options));
}

test("every variant is accepted on iOS 18, and asks for the unit that its engine names", async () => {
  const model = readDecoder(await tinyModel(SIZES));
  const all = variants(backend.options.parse({}));
  expect(new Set(all.map(({ encoding }) => encoding))).toEqual(
    new Set(backend.encodings.filter((encoding) => encoding !== "mixed")),
  );
  for (const { encoding, options, engine } of all) {
    expect(planOf(model, options).manifest.quantization).toBe(encoding);
    expect(engine).toBe(`coreml-${options.compute}`);
  }
});

test("a unit that is asked for leaves the other out", () => {
  const engines = variants(backend.options.parse({ compute: "ane" })).map(({ engine }) => engine);
  expect(new Set(engines)).toEqual(new Set(["coreml-ane"]));
});

test.each([
  ["none", "ios16", "gpu", "none"],
  ["int8", "ios16", "ane", "expected"],
  ["int8", "ios17", "ane", "none"],
  ["int4", "ios18", "gpu", "possible"],
  ["lut4", "ios18", "all", "possible"],
] as const)("%s for %s on %s: unpacking is %s", (quantization, target, compute, unpacking) => {
  expect(unpackingOf({ quantization, target, compute })).toBe(unpacking);
});

test.each([
  ["Q4_0", "int4", true],
  ["Q4_0", "int8", true],
  ["Q4_0", "lut4", false],
  ["Q4_0", "none", false],
  ["Q8_0", "int4", false],
  ["Q8_0", "int8", true],
])("a %s checkpoint as %s keeps its grid: %s", async (dtype, quantize, keeps) => {
  expect(planOf(await quantized(dtype), { quantize }).keepsGrid).toBe(keeps);
});

test("plain weights have no grid to keep", async () => {
  expect(planOf(readDecoder(await tinyModel(SIZES)), { quantize: "int8" }).keepsGrid).toBe(false);
});
