import { join } from "node:path";
import { openCheckpoint } from "@pippin/checkpoint/node";
import { beforeAll, expect, test } from "vitest";
import { createLayerEngine } from "../../src/node/layer-engine.ts";
import { createReferenceRunner } from "../../src/node/reference.ts";
import { type Decoder, readDecoder } from "../../src/read-decoder.ts";

const TOKENS = [1, 77, 512, 3, 900, 41, 8];

let decoder: Decoder;
beforeAll(async () => {
  decoder = readDecoder(await openCheckpoint(join(import.meta.dirname, "../../../../models/pip-chat")));
});

test("layer after layer gives the residual streams of the whole model", async () => {
  const wanted: Float32Array[] = [];
  const runner = await createReferenceRunner(decoder, { threads: 1 });
  const observer = { layer: (_: number, hidden: Float32Array) => void wanted.push(hidden.slice()) };
  await runner.evaluate!(TOKENS, { observer });
  await runner.close();

  const engine = createLayerEngine(decoder, { threads: 1, contextLength: TOKENS.length });
  const hidden = engine.embed(TOKENS);
  for (const [index, stream] of wanted.entries()) {
    const layer = await engine.load(index);
    layer.run(hidden);
    await layer.close();
    expect(hidden).toEqual(stream);
  }
});

test("inputs of all products are seen, and a replaced weight is computed with", async () => {
  const engine = createLayerEngine(decoder, { threads: 1, contextLength: TOKENS.length });
  const expr = decoder.weights.expr("layers.0.mlp.down.weight");
  const zeros = { ...expr, ops: [{ kind: "scale", factor: 0 } as const] };
  const layer = await engine.load(0, (role) => (role.endsWith("mlp.down.weight") ? zeros : undefined));
  const widths: Record<string, number> = {};
  const twice = [engine.embed(TOKENS), engine.embed([...TOKENS].reverse())];
  for (const hidden of twice) {
    layer.run(hidden, (role, inputs) => {
      widths[role.slice("layers.0.".length)] = inputs.length / TOKENS.length;
    });
  }
  await layer.close();

  expect(widths).toEqual({
    "attention.q.weight": 192,
    "attention.k.weight": 192,
    "attention.v.weight": 192,
    "attention.o.weight": 192,
    "mlp.gate.weight": 192,
    "mlp.up.weight": 192,
    "mlp.down.weight": 512,
  });
  const whole = await engine.load(0);
  const other = engine.embed(TOKENS);
  whole.run(other);
  await whole.close();
  expect(twice[0]).not.toEqual(other);
});
