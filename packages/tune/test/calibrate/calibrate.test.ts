import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCheckpoint } from "@pippin/checkpoint/node";
import type { Warning } from "@pippin/core";
import { type Decoder, readDecoder, type WeightRole } from "@pippin/decoder";
import { readWeight } from "@pippin/kernels/node";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { calibrate } from "../../src/calibrate/calibrate.ts";
import type { CalibrationTarget } from "../../src/calibrate/target.ts";

const MODEL = join(import.meta.dirname, "../../../../models/pip-chat");
const WINDOWS = [
  Array.from({ length: 48 }, (_, i) => (37 * i + 11) % 1024),
  Array.from({ length: 40 }, (_, i) => (91 * i + 5) % 1024),
];
/** A grid of each kind, in the first two layers. */
const TARGETS = new Map<WeightRole, CalibrationTarget>([
  ["layers.0.attention.q.weight", { kind: "linear", bits: 4, offset: "none", blockSize: 32 }],
  ["layers.0.attention.v.weight", { kind: "linear", bits: 4, offset: "float", blockSize: 64 }],
  ["layers.0.attention.o.weight", { kind: "linear", bits: 8, offset: "none" }],
  ["layers.0.mlp.gate.weight", { kind: "linear", bits: 4, offset: "integer", blockSize: 32 }],
  ["layers.1.mlp.down.weight", { kind: "palette", bits: 3, groupRows: 16 }],
  ["layers.1.mlp.up.weight", { kind: "linear", bits: 8, offset: "integer", blockSize: 32 }],
]);

let decoder: Decoder;
let cacheFolder: string;
beforeAll(async () => {
  decoder = readDecoder(await openCheckpoint(MODEL));
});
beforeEach(() => {
  cacheFolder = mkdtempSync(join(tmpdir(), "pippin-calibrate-"));
});
afterEach(() => rmSync(cacheFolder, { recursive: true }));

function expectedKind(target: CalibrationTarget): string {
  if (target.kind === "palette") return "palette";
  return target.offset === "none" ? "scaled" : "affine";
}

test.each([...TARGETS.keys()])("%s comes out on its grid, near to what it was", async (role) => {
  const targets = new Map([[role, TARGETS.get(role)!]]);
  const { weights, report } = await calibrate(decoder, targets, WINDOWS, { cacheFolder, threads: 1 });

  const [was, is] = [await readWeight(decoder.weights.expr(role)), await readWeight(weights.expr(role))];
  const squares = was.reduce((sum, value) => sum + value * value, 0);
  const errors = was.reduce((sum, value, i) => sum + (value - is[i]!) ** 2, 0);
  expect(weights.expr(role).shape).toEqual(decoder.weights.expr(role).shape);
  // 3 bits leave some 4 % of the energy; so few tokens let compensation move weights far that no input sees.
  expect(errors / squares).toBeLessThan(0.2);
  const [matrix] = report.matrices;
  expect(matrix?.error.result).toBeLessThanOrEqual(matrix!.error.plain);
  expect(weights.expr(role)).toMatchObject({ source: { kind: expectedKind(TARGETS.get(role)!) }, ops: [] });
});

test("a second call with the same input reuses all layers and gives the same weights", async () => {
  const first = await calibrate(decoder, TARGETS, WINDOWS, { cacheFolder, threads: 2 });
  const again = await calibrate(decoder, TARGETS, WINDOWS, { cacheFolder, threads: 1 });

  expect(first.report).toMatchObject({ tokens: 88, reused: 0 });
  expect(again.report).toEqual({ ...first.report, reused: 2 });
  expect(again.weights.expr("layers.1.mlp.down.weight")).toEqual(
    first.weights.expr("layers.1.mlp.down.weight"),
  );
});

test("other windows make finished layers useless", async () => {
  await calibrate(decoder, TARGETS, WINDOWS, { cacheFolder, threads: 1 });
  const other = await calibrate(decoder, TARGETS, WINDOWS.slice(1), { cacheFolder, threads: 1 });

  expect(other.report.reused).toBe(0);
});

test("a cancelled run keeps its finished layers, and the next one goes on from there", async () => {
  const controller = new AbortController();
  const context = { signal: controller.signal, progress: () => controller.abort() };
  const run = calibrate(decoder, TARGETS, WINDOWS, { cacheFolder, threads: 1 }, context);

  await expect(run).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  expect(readdirSync(cacheFolder)).toEqual(["layer-000.safetensors"]);
  const resumed = await calibrate(decoder, TARGETS, WINDOWS, { cacheFolder, threads: 1 });
  expect(resumed.report.reused).toBe(1);
});

test("the embedding has no inputs, so it cannot be calibrated", async () => {
  const targets = new Map([["embedding.weight", TARGETS.get("layers.0.attention.q.weight")!]]);
  const run = calibrate(decoder, targets, WINDOWS, { cacheFolder });

  await expect(run).rejects.toMatchObject({
    code: "TUNE_CALIBRATION_ROLE",
    details: { role: "embedding.weight" },
  });
});

test("a text with fewer tokens than a matrix has columns is used with a warning", async () => {
  const warnings: Warning[] = [];
  const context = { warn: (warning: Warning) => warnings.push(warning) };
  await calibrate(decoder, TARGETS, WINDOWS, { cacheFolder, threads: 1 }, context);

  expect(warnings.map(({ code }) => code)).toEqual(["TUNE_CALIBRATION_SHORT"]);
});

test("without a text there is nothing to calibrate on", async () => {
  const run = calibrate(decoder, TARGETS, [], { cacheFolder });
  await expect(run).rejects.toMatchObject({ code: "TUNE_CALIBRATION_EMPTY" });
});
