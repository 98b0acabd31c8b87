import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Runner } from "@pippin/core";
import { type Decoder, readDecoder, rescale, rescalingFor } from "@pippin/decoder";
import { createReferenceRunner, measureValueRange } from "@pippin/decoder/node";
import { expect, onTestFinished, test } from "vitest";
import { backend } from "../src/backend.ts";
import { tinyModel } from "./support/tiny-model.ts";

const TOKENS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 35, 8, 9];
const ANSWER = 12;

/** A tiny llama whose blocks write far beyond fp16 into the residual stream; its words hang on the whole stream. */
async function loudDecoder(): Promise<Decoder> {
  const { spec, weights } = readDecoder(await tinyModel({}, { halfValues: true }));
  const loud = /\.(o|down)\.weight$/;
  return {
    spec: { ...spec, embedding: { scale: 2 ** 18 } },
    weights: {
      roles: weights.roles,
      expr: (role) => {
        const expr = weights.expr(role);
        return loud.test(role) ? { ...expr, ops: [...expr.ops, { kind: "scale", factor: 2 ** 15 }] } : expr;
      },
    },
  };
}

async function packageRunner({ spec, weights }: Decoder, program: string): Promise<Runner> {
  const facts = { name: "test/loud", stopTokens: [] };
  const options = backend.options.parse({ program, prefill: 8 });
  const output = await mkdtemp(join(tmpdir(), "pippin-rescale-"));
  const plan = backend.plan({ spec, weights, facts, name: "Loud" }, options);
  const [artifact] = await backend.emit(plan, weights, output);
  const opened = await backend.open(artifact!.path);
  onTestFinished(() => opened.close());
  expect(opened.spec).toEqual(spec);
  const runner = await opened.runner!({ threads: 1, precision: "fp16" });
  onTestFinished(() => runner.close());
  return runner;
}

async function greedy(runner: Runner): Promise<number[]> {
  const session = runner.start();
  const said: number[] = [];
  let next: readonly number[] = TOKENS;
  while (said.length < ANSWER) {
    const logits = await session.feed(next);
    said.push(logits.indexOf(Math.max(...logits)));
    next = said.slice(-1);
  }
  return said;
}

test.each(["stateful", "stateless"])(
  "%s: what overflows fp16 answers like the original once it is rescaled",
  async (program) => {
    const decoder = await loudDecoder();
    const reference = await createReferenceRunner(decoder, { threads: 1 });
    onTestFinished(() => reference.close());
    const wanted = await reference.evaluate!(TOKENS);

    const broken = await (await packageRunner(decoder, program)).evaluate!(TOKENS);
    expect(broken.every(Number.isFinite)).toBe(false);

    const range = await measureValueRange(decoder, [TOKENS], { threads: 1 });
    expect(range.residual).toBeGreaterThan(65504);
    const rescaled = await packageRunner(rescale(decoder, rescalingFor(range)), program);
    const got = await rescaled.evaluate!(TOKENS);
    const spread = Math.max(...wanted) - Math.min(...wanted);
    const worst = Math.max(...got.map((value, index) => Math.abs(value - wanted[index]!)));
    // Some dozens of fp16 roundings on the way, each 2^-11 of its value.
    expect(worst / spread).toBeLessThan(0.01);
    expect(await greedy(rescaled)).toEqual(await greedy(reference));
  },
);
