import type { Observer, Runner, RunnerOptions } from "@pippin/core";
import { readDecoder } from "@pippin/decoder";
import { createReferenceRunner } from "@pippin/decoder/node";
import { expect, onTestFinished, test } from "vitest";
import { backend } from "../../src/backend.ts";
import { readPackage } from "../../src/package/read-package.ts";
import { createRunner } from "../../src/run/runner.ts";
import { convert } from "../support/convert.ts";
import { TINY_CONFIG, tinyModel } from "../support/tiny-model.ts";
import { noise, worst } from "./build.ts";

const VOCAB = TINY_CONFIG.vocab_size;
const HIDDEN = TINY_CONFIG.hidden_size;
const LAYERS = TINY_CONFIG.num_hidden_layers;
const PREFILL = 8;

/** Sums of some tens of products in another order. */
const SINGLE = 2e-5;
/** The package's rope tables and norm constants are fp16, the reference's are not. */
const HALF_TABLES = 1e-3;

const PROGRAMS = [
  ["stateful", { prefill: PREFILL }],
  ["stateless of any length", { program: "stateless" }],
  ["stateless of one length", { program: "stateless", length: "fixed" }],
] as const;

async function runnersOf(options: object, running: RunnerOptions = {}) {
  const checkpoint = await tinyModel({}, { halfValues: true });
  const { path } = await convert(checkpoint, options as Readonly<Record<string, unknown>>);
  const opened = await backend.open(path);
  onTestFinished(() => opened.close());
  const candidate = await opened.runner!({ threads: 1, ...running });
  onTestFinished(() => candidate.close());
  const reference = await createReferenceRunner(readDecoder(checkpoint), { threads: 1 });
  onTestFinished(() => reference.close());
  return { path, candidate, reference };
}

const tokensOf = (count: number) => noise(count, 7).map((value) => Math.floor(((value + 1) / 2) * VOCAB));

/** The residual streams that a runner shows of a text, one array a layer. */
async function layersOf(runner: Runner, tokens: readonly number[]): Promise<Float32Array[]> {
  const layers: Float32Array[] = [];
  const layer: Observer["layer"] = (index, hidden, position) => {
    layers[index] ??= new Float32Array(tokens.length * HIDDEN).fill(Number.NaN);
    layers[index].set(hidden, position * HIDDEN);
  };
  await runner.evaluate!(tokens, { observer: { layer } });
  return layers;
}

test.each(PROGRAMS)("%s: an evaluation gives the rows that a session gives", async (_, options) => {
  const { candidate } = await runnersOf(options);
  // One token, less than a prefill, one, one more, several and a rest; each begins from nothing.
  for (const count of [1, 3, PREFILL, PREFILL + 1, 2 * PREFILL + 3]) {
    const tokens = tokensOf(count);
    const rows = await candidate.evaluate!(tokens);
    expect(rows.length).toBe(count * VOCAB);
    expect(worst(rows, await candidate.start().feed(tokens, { rows: "all" }))).toBeLessThan(SINGLE);
  }
});

test.each(PROGRAMS)("%s: the layers shown are those of the reference pass", async (_, options) => {
  const { candidate, reference } = await runnersOf(options);
  const tokens = tokensOf(2 * PREFILL + 3);
  const wanted = await layersOf(reference, tokens);
  const got = await layersOf(candidate, tokens);
  expect([wanted.length, got.length]).toEqual([LAYERS, LAYERS]);
  for (const [index, hidden] of wanted.entries())
    expect(worst(got[index]!, hidden)).toBeLessThan(HALF_TABLES);
  expect(worst(wanted[0]!, wanted[1]!)).toBeGreaterThan(100 * HALF_TABLES);
});

test.each(PROGRAMS)("%s: what is computed from the tokens is shown, and no mask", async (_, options) => {
  const { candidate } = await runnersOf(options, { precision: "fp16" });
  const seen = new Map<string, number>();
  let largest = 0;
  await candidate.evaluate!(tokensOf(PREFILL), {
    observer: {
      value({ layer, name, shape, data }) {
        seen.set(name, layer);
        expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
        for (const value of data) largest = Math.max(largest, Math.abs(value));
      },
    },
  });
  expect(Object.fromEntries(seen)).toMatchObject({
    layers_0_input_norm: 0,
    layers_0_mlp_gated: 0,
    layers_0_output: 0,
    layers_1_input_norm: 1,
    layers_1_output: 1,
    final_norm: 2,
    logits: 2,
  });
  // A hidden score is 10,000 below the others.
  expect(largest).toBeLessThan(1000);
  expect([...seen.keys()].filter((name) => /mask|rope|position|updated/.test(name))).toEqual([]);
});

test("a package that does not say where its layers end shows none, and still gives its rows", async () => {
  const { path, candidate } = await runnersOf({ prefill: PREFILL });
  const part = await readPackage(path);
  onTestFinished(() => part.close());
  const { layerOutputs, ...manifest } = part.manifest!;
  expect(layerOutputs).toEqual(["layers_0_output", "layers_1_output"]);
  const runner = await createRunner([part], manifest, { threads: 1 });
  onTestFinished(() => runner.close());
  expect(await layersOf(runner, tokensOf(4))).toEqual([]);
  const tokens = tokensOf(PREFILL);
  expect(worst(await runner.evaluate!(tokens), await candidate.evaluate!(tokens))).toBe(0);
});

test.each(PROGRAMS)("%s: an evaluation is refused past the context, and cancelled", async (_, options) => {
  const { candidate } = await runnersOf(options);
  const tokens = tokensOf(TINY_CONFIG.max_position_embeddings + 1);
  await expect(candidate.evaluate!(tokens)).rejects.toMatchObject({ code: "COREML_CONTEXT_FULL" });
  const run = candidate.evaluate!(tokens.slice(1), { signal: AbortSignal.abort() });
  await expect(run).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  expect(await candidate.evaluate!([1])).toHaveLength(VOCAB);
});
