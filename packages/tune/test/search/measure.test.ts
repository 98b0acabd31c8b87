import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCheckpoint } from "@pippin/checkpoint/node";
import { type Decoder, readDecoder } from "@pippin/decoder";
import { createReferenceRunner } from "@pippin/decoder/node";
import { ownGrid } from "@pippin/kernels";
import { encodedBytes, encodingOf } from "@pippin/quantize";
import { klDivergence } from "@pippin/verify";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { encodedWeight } from "../../src/search/inline-weight.ts";
import { measureSensitivity, type Sensitivity } from "../../src/search/measure.ts";
import { bytesFor, chooseRecipe } from "../../src/search/recipe.ts";

const MODEL = join(import.meta.dirname, "../../../../models/pip-chat");
const CANDIDATES = ["int8", "int4/32", "lut3/16"];

let decoder: Decoder;
let windows: number[][];
beforeAll(async () => {
  decoder = readDecoder(await openCheckpoint(MODEL));
  windows = [3, 5, 11, 17].map((seed) =>
    Array.from({ length: 16 }, (_, i) => (seed * 131 + i * i * 37 + 7) % decoder.spec.vocabSize),
  );
});

function cacheFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pippin-search-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Mean KL divergence of the model with a recipe's weights, without the search's short cuts. */
async function measured(recipe: ReturnType<typeof chooseRecipe>["recipe"]): Promise<number> {
  const exprs = new Map<string, Awaited<ReturnType<typeof encodedWeight>>>();
  for (const role of decoder.weights.roles) {
    const expr = decoder.weights.expr(role);
    const encoding = encodingOf(recipe, { role, shape: expr.shape, grid: ownGrid(expr) });
    exprs.set(role, await encodedWeight(expr, encoding, role));
  }
  const weights = { roles: decoder.weights.roles, expr: (role: string) => exprs.get(role)! };
  const original = await createReferenceRunner(decoder);
  const other = await createReferenceRunner({ ...decoder, weights });
  let sum = 0;
  for (const window of windows) {
    const [p, q] = [await original.evaluate!(window), await other.evaluate!(window)];
    for (let at = 0; at < p.length; at += decoder.spec.vocabSize) {
      const row = [at, at + decoder.spec.vocabSize] as const;
      sum += klDivergence(p.subarray(...row), q.subarray(...row));
    }
  }
  await original.close();
  await other.close();
  return sum / (windows.length * windows[0]!.length);
}

async function search(options: Partial<Parameters<typeof measureSensitivity>[2]> = {}): Promise<Sensitivity> {
  return measureSensitivity(decoder, windows, {
    cacheFolder: cacheFolder(),
    candidates: CANDIDATES,
    ...options,
  });
}

test("losses add up to what a mix costs, and the mix beats uniform weights of its size", async () => {
  const sensitivity = await search();
  const mix = chooseRecipe(sensitivity, bytesFor(sensitivity.weights, 5));
  expect(mix.bitsPerWeight).toBeLessThanOrEqual(5);
  expect(mix.bitsPerWeight).toBeGreaterThan(4.9);

  const loss = await measured(mix.recipe);
  expect(loss).toBeGreaterThan(mix.predictedLoss / 2.5);
  expect(loss).toBeLessThan(mix.predictedLoss * 2.5);
  const uniform = { ...mix.recipe, rules: [], default: "int4/32" };
  const bytes = decoder.weights.roles.reduce((sum, role) => {
    const { shape } = decoder.weights.expr(role);
    return sum + (shape.length === 2 ? encodedBytes(shape, encodingOf(uniform, { role, shape })) : 0);
  }, 0);
  const same = chooseRecipe(sensitivity, bytes);
  expect(await measured(same.recipe)).toBeLessThan(await measured(uniform));
});

test("every weight has a choice of what fits it, and its bytes", async () => {
  const { weights, tokens } = await search({ candidates: ["int4/64", "int8"] });
  expect(tokens).toBe(64);
  expect(weights.map(({ role }) => role).sort()).toEqual(
    decoder.weights.roles.filter((role) => decoder.weights.expr(role).shape.length === 2).sort(),
  );
  for (const { choices } of weights) {
    const [int4, int8] = choices;
    expect(int4!.bytes).toBeLessThan(int8!.bytes);
    expect(int4!.loss).toBeGreaterThan(int8!.loss);
  }
});

test("a run that was stopped goes on where it was, also after a line that was cut off", async () => {
  const folder = cacheFolder();
  const control = new AbortController();
  const stopped = measureSensitivity(
    decoder,
    windows,
    { cacheFolder: folder, candidates: CANDIDATES },
    {
      signal: control.signal,
      progress: ({ stage, done }) => {
        if (stage === "search" && done === 4) control.abort();
      },
    },
  );
  await expect(stopped).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  const [file] = readdirSync(folder);
  const path = join(folder, file!);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.slice(0, -20));

  const resumed = await search({ cacheFolder: folder });
  expect(resumed.reused).toBe(text.trim().split("\n").length - 1);
  const whole = await search();
  expect(resumed.weights).toEqual(whole.weights);
  expect((await search({ cacheFolder: folder })).reused).toBe(1 + 5 * decoder.spec.layers.length);
});

test("another text is another search", async () => {
  const folder = cacheFolder();
  await search({ cacheFolder: folder });
  const other = await measureSensitivity(decoder, windows.slice(1), {
    cacheFolder: folder,
    candidates: CANDIDATES,
  });
  expect(other.reused).toBe(0);
});

test("no text is refused", async () => {
  await expect(measureSensitivity(decoder, [[]], { cacheFolder: cacheFolder() })).rejects.toMatchObject({
    code: "TUNE_CALIBRATION_EMPTY",
  });
});
