import type { WeightExpr } from "@pippin/kernels";
import { expect, test } from "vitest";
import { createTensorRunner } from "../src/node.ts";
import { rescale, rescalingFor } from "../src/rescale.ts";
import { weightRoles } from "../src/roles.ts";
import type { DecoderSpec } from "../src/spec.ts";
import type { WeightSet } from "../src/weights.ts";

const NORM = { kind: "rms" as const, epsilon: 1e-5 };
const BEFORE = { beforeMixer: NORM, afterMixer: null, beforeFeedForward: NORM, afterFeedForward: null };
const BOTH = { beforeMixer: NORM, afterMixer: NORM, beforeFeedForward: NORM, afterFeedForward: NORM };
const AFTER = { beforeMixer: null, afterMixer: NORM, beforeFeedForward: null, afterFeedForward: NORM };

/** Two layers with every bias, and whatever norms are wanted. */
function specOf(norms: DecoderSpec["layers"][number]["norms"]): DecoderSpec {
  const layer: DecoderSpec["layers"][number] = {
    mixer: {
      kind: "attention",
      numHeads: 4,
      numKeyValueHeads: 2,
      headDim: 4,
      scale: 0.5,
      qkvBias: true,
      outputBias: true,
      qkNorm: null,
      window: null,
      rope: { theta: 10000, rotaryDim: 4, scaling: { kind: "none" } },
    },
    feedForward: { kind: "gated", activation: "silu", size: 12, bias: true },
    norms,
    residualScale: 0.75,
  };
  return {
    family: "test",
    vocabSize: 19,
    hiddenSize: 8,
    maxPositions: 16,
    embedding: { scale: 3 },
    layers: [layer, layer],
    finalNorm: NORM,
    head: { tied: true, scale: 1 },
  };
}

const EXPRESSIONS: WeightSet = {
  roles: [],
  expr: () => ({ ops: [{ kind: "addOne" }], shape: [1] }) as unknown as WeightExpr,
};

/** Numbers that depend on the role and the place only. */
function valuesOf(role: string, count: number): Float32Array {
  let state = [...role].reduce((sum, character) => Math.imul(sum, 31) + character.charCodeAt(0), 7);
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

/** Runs a spec on those numbers, each times what the last step of its expression says. */
async function outcome(spec: DecoderSpec, weights: WeightSet) {
  const shapes = weightRoles(spec);
  const runner = await createTensorRunner(
    spec,
    async (role) => {
      const shape = shapes.get(role)!;
      const last = weights.expr(role).ops.at(-1)!;
      const factor = last.kind === "scale" ? last.factor : 1;
      const count = shape.reduce((product, size) => product * size, 1);
      return { shape, data: valuesOf(role, count).map((value) => value * factor) };
    },
    { threads: 1 },
  );
  const layers: Float32Array[] = [];
  const observer = { layer: (_: number, hidden: Float32Array) => layers.push(hidden.slice()) };
  const logits = await runner.evaluate!([1, 5, 2, 18], { observer });
  await runner.close();
  return { logits, layers };
}

test.each([
  ["norms before blocks", BEFORE],
  ["norms before and after", BOTH],
  ["norms after blocks", AFTER],
])("%s: logits keep every bit, the residual stream is a power of two smaller", async (_, norms) => {
  const spec = specOf(norms);
  const original = await outcome(spec, EXPRESSIONS);
  for (const rescaling of [
    { residual: 6, inner: 6 },
    { residual: 5, inner: 0 },
    { residual: 0, inner: 3 },
  ]) {
    const changed = rescale({ spec, weights: EXPRESSIONS }, rescaling);
    expect(changed.spec.rescaling).toEqual(rescaling);
    const { logits, layers } = await outcome(changed.spec, changed.weights);
    expect(logits).toEqual(original.logits);
    const smaller = original.layers.map((hidden) => hidden.map((value) => value * 2 ** -rescaling.residual));
    expect(layers).toEqual(smaller);
  }
});

test("the factor comes after all other steps, and the embedding keeps its matrix", () => {
  const { weights, spec } = rescale({ spec: specOf(BOTH), weights: EXPRESSIONS }, { residual: 4, inner: 2 });
  expect(weights.expr("layers.0.mlp_output_norm.weight").ops).toEqual([
    { kind: "addOne" },
    { kind: "scale", factor: 1 / 16 },
  ]);
  expect(weights.expr("embedding.weight").ops).toEqual([{ kind: "addOne" }]);
  expect(spec.embedding.scale).toBe(3 / 16);
});

test.each([
  [
    { residual: 100, inner: 16376 },
    { residual: 0, inner: 0 },
  ],
  [
    { residual: 16377, inner: 65504 },
    { residual: 1, inner: 2 },
  ],
  [
    { residual: 1e6, inner: 0 },
    { residual: 6, inner: 0 },
  ],
])("%j asks for %j", (largest, wanted) => {
  expect(rescalingFor(largest)).toEqual(wanted);
});

test.each([-1, 1.5, 13, Number.POSITIVE_INFINITY, Number.NaN])("an exponent of %d is refused", (residual) => {
  const decoder = { spec: specOf(BEFORE), weights: EXPRESSIONS };
  expect(() => rescale(decoder, { residual, inner: 0 })).toThrow(
    expect.objectContaining({ code: "DECODER_RESCALE_INVALID" }),
  );
});
