import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openCheckpoint } from "@pippin/checkpoint/node";
import type { Runner } from "@pippin/core";
import { readWeight } from "@pippin/kernels/node";
import { expect, test } from "vitest";
import {
  createReferenceRunner,
  createTensorRunner,
  type ReferenceOptions,
} from "../../src/node/reference.ts";
import { type Decoder, readDecoder } from "../../src/read-decoder.ts";

const MODELS = join(import.meta.dirname, "../fixtures/models");

/** Logits have magnitudes up to 10 and go through about 10 products of 64 terms; F32 has 6e-8 a step. */
const TOLERANCE = 1e-4;

interface Expected {
  readonly ids: number[];
  readonly logits: number[][];
}

function expectedOf(name: string): Expected {
  return JSON.parse(readFileSync(join(MODELS, name, "expected.json"), "utf8"));
}

async function decoderOf(name: string): Promise<Decoder> {
  return readDecoder(await openCheckpoint(join(MODELS, name)));
}

async function withRunner(name: string, options: ReferenceOptions, use: (runner: Runner) => Promise<void>) {
  const runner = await createReferenceRunner(await decoderOf(name), options);
  try {
    await use(runner);
  } finally {
    await runner.close();
  }
}

function maxDifference(actual: Float32Array, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return expected.reduce((largest, value, index) => Math.max(largest, Math.abs(value - actual[index]!)), 0);
}

test.each(readdirSync(MODELS))("%s agrees with transformers", async (name) => {
  const { ids, logits } = expectedOf(name);
  await withRunner(name, { threads: 1 }, async (runner) => {
    expect(runner.vocabSize).toBe(logits[0]!.length);
    const session = runner.start();
    const all = await session.feed(ids, { rows: "all" });
    expect(maxDifference(all, logits.flat())).toBeLessThan(TOLERANCE);
    expect(session.length).toBe(ids.length);

    session.rewind(5);
    expect(maxDifference(await session.feed(ids.slice(5, 9)), logits[8]!)).toBeLessThan(TOLERANCE);
    expect(session.length).toBe(9);

    const other = runner.start();
    for (const [index, id] of ids.entries()) {
      expect(maxDifference(await other.feed([id]), logits[index]!)).toBeLessThan(TOLERANCE);
    }
  });
});

test("threads do not change the logits", async () => {
  const { ids, logits } = expectedOf("qwen2");
  await withRunner("qwen2", { threads: 2 }, async (runner) => {
    expect(maxDifference(await runner.start().feed(ids, { rows: "all" }), logits.flat())).toBeLessThan(
      TOLERANCE,
    );
  });
});

test("a full context and strange tokens are refused and leave the session as it was", async () => {
  const { ids, logits } = expectedOf("llama");
  await withRunner("llama", { threads: 1, contextLength: 12 }, async (runner) => {
    expect(runner.contextLength).toBe(12);
    const session = runner.start();
    await session.feed(ids.slice(0, 11));
    await expect(session.feed([1, 2])).rejects.toMatchObject({ code: "DECODER_CONTEXT_FULL" });
    await expect(session.feed([])).rejects.toMatchObject({ code: "DECODER_TOKEN_OUT_OF_RANGE" });
    await expect(session.feed([80])).rejects.toMatchObject({
      code: "DECODER_TOKEN_OUT_OF_RANGE",
      message: "token 80 is not in a vocabulary of 80",
    });
    await expect(session.feed([-1])).rejects.toMatchObject({ code: "DECODER_TOKEN_OUT_OF_RANGE" });
    await expect(session.feed([0.5])).rejects.toMatchObject({ code: "DECODER_TOKEN_OUT_OF_RANGE" });
    expect(maxDifference(await session.feed(ids.slice(11)), logits[11]!)).toBeLessThan(TOLERANCE);
  });
});

test("rewinding goes no further than the beginning and never forward", async () => {
  await withRunner("llama", { threads: 1 }, async (runner) => {
    const session = runner.start();
    await session.feed([1, 2, 3]);
    session.rewind(7);
    expect(session.length).toBe(3);
    session.rewind(-1);
    expect(session.length).toBe(0);
  });
});

test("an abort is heard between the tokens of an answer", async () => {
  await withRunner("mistral", { threads: 1 }, async (runner) => {
    const controller = new AbortController();
    const session = runner.start();
    setImmediate(() => controller.abort());
    const answer = async () => {
      for (let token = 0; token < 60; token++) await session.feed([token], { signal: controller.signal });
    };
    await expect(answer()).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  });
});

test("loading reports each weight and can be cancelled", async () => {
  const decoder = await decoderOf("qwen3");
  const events: { done: number; total?: number; item?: string }[] = [];
  const runner = await createReferenceRunner(
    decoder,
    { threads: 1 },
    { progress: (event) => events.push(event) },
  );
  await runner.close();
  expect(events.map(({ item }) => item)).toEqual(decoder.weights.roles);
  expect(events.at(-1)).toMatchObject({
    stage: "reference",
    done: decoder.weights.roles.length,
    total: events.length,
  });
  await expect(
    createReferenceRunner(decoder, { threads: 1 }, { signal: AbortSignal.abort() }),
  ).rejects.toMatchObject({ code: "CORE_CANCELLED" });
});

test("an evaluation gives the rows of a session and shows the residual stream of each layer", async () => {
  const { ids, logits } = expectedOf("granite");
  const { spec } = await decoderOf("granite");
  await withRunner("granite", { threads: 1 }, async (runner) => {
    const seen: [layer: number, length: number, position: number][] = [];
    const layer = (index: number, hidden: Float32Array, position: number) => {
      seen.push([index, hidden.length, position]);
    };
    const rows = await runner.evaluate!(ids, { observer: { layer } });
    expect(maxDifference(rows, logits.flat())).toBeLessThan(TOLERANCE);
    expect(seen).toEqual(spec.layers.map((_, index) => [index, ids.length * spec.hiddenSize, 0]));
  });
});

test.each(readdirSync(MODELS))(
  "%s agrees with transformers when its weights are given as tensors",
  async (name) => {
    const { ids, logits } = expectedOf(name);
    const { spec, weights } = await decoderOf(name);
    const tensor = async (role: string) => {
      const expr = weights.expr(role);
      return { shape: expr.shape, data: await readWeight(expr) };
    };
    const runner = await createTensorRunner(spec, tensor, { threads: 1 });
    try {
      expect(maxDifference(await runner.evaluate!(ids), logits.flat())).toBeLessThan(TOLERANCE);
    } finally {
      await runner.close();
    }
  },
);

test("a tensor of another size than the spec asks for is named", async () => {
  const { spec } = await decoderOf("llama");
  const tensor = async () => ({ shape: [3], data: new Float32Array(3) });
  await expect(createTensorRunner(spec, tensor)).rejects.toMatchObject({
    code: "DECODER_TENSOR_SHAPE",
    message: expect.stringContaining("embedding.weight has shape [3]"),
  });
});
