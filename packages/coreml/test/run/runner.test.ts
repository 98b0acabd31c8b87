import type { Runner, RunnerOptions } from "@pippin/core";
import { readDecoder } from "@pippin/decoder";
import { createReferenceRunner } from "@pippin/decoder/node";
import { expect, onTestFinished, test } from "vitest";
import { backend } from "../../src/backend.ts";
import { convert } from "../support/convert.ts";
import { TINY_CONFIG, tinyModel } from "../support/tiny-model.ts";
import { noise, worst } from "./build.ts";

const VOCAB = TINY_CONFIG.vocab_size;
const CONTEXT = TINY_CONFIG.max_position_embeddings;
const PREFILL = 8;

/** Sums of some tens of products in another order. */
const SINGLE = 2e-5;
/** The package's rope tables and norm constants are fp16, the reference's are not. */
const HALF_TABLES = 1e-3;

async function runnerOf(
  config: Readonly<Record<string, unknown>> = {},
  options: Readonly<Record<string, unknown>> = { prefill: PREFILL },
  running: RunnerOptions = {},
): Promise<Runner> {
  const { path } = await convert(await tinyModel(config, { halfValues: true }), options);
  const opened = await backend.open(path);
  onTestFinished(() => opened.close());
  const runner = await opened.runner!({ threads: 1, ...running });
  onTestFinished(() => runner.close());
  return runner;
}

const tokensOf = (count: number, seed = 5) =>
  noise(count, seed).map((value) => Math.floor(((value + 1) / 2) * VOCAB));

/** The logits of the last token when all are fed one by one. */
async function decoded(runner: Runner, tokens: readonly number[]): Promise<Float32Array> {
  const session = runner.start();
  let logits: Float32Array = new Float32Array();
  for (const token of tokens) logits = await session.feed([token]);
  return logits;
}

test.each([1, PREFILL - 3, PREFILL - 1, PREFILL, PREFILL + 1, 2 * PREFILL + 3])(
  "a prompt of %i tokens gives what its tokens one by one give, and so does what follows",
  async (count) => {
    const runner = await runnerOf();
    const tokens = tokensOf(count);
    const session = runner.start();
    expect(worst(await session.feed(tokens), await decoded(runner, tokens))).toBeLessThan(SINGLE);
    expect(session.length).toBe(count);
    expect(worst(await session.feed([7]), await decoded(runner, [...tokens, 7]))).toBeLessThan(SINGLE);
  },
);

test("a session that is rewound continues as if what followed had not been", async () => {
  const runner = await runnerOf();
  const tokens = tokensOf(12);
  const session = runner.start();
  await session.feed([...tokens, 1, 2, 3, 4, 5]);
  session.rewind(12);
  expect(session.length).toBe(12);
  expect(worst(await session.feed([9]), await decoded(runner, [...tokens, 9]))).toBeLessThan(SINGLE);
  session.rewind(0);
  expect(worst(await session.feed([9]), await decoded(runner, [9]))).toBeLessThan(SINGLE);
});

test("sessions of one runner do not disturb each other, also when they take turns", async () => {
  const runner = await runnerOf();
  const [first, second] = [tokensOf(10, 1), tokensOf(10, 2)];
  const [one, other] = [runner.start(), runner.start()];
  const [a, b] = await Promise.all([one.feed(first), other.feed(second)]);
  expect(worst(a, await decoded(runner, first))).toBeLessThan(SINGLE);
  expect(worst(b, await decoded(runner, second))).toBeLessThan(SINGLE);
});

test.each([
  ["stateful", { prefill: PREFILL }],
  ["stateless of any length", { program: "stateless" }],
  ["stateless of one length", { program: "stateless", length: "fixed" }],
])("%s: all rows are those of the prefixes", async (_, options) => {
  const runner = await runnerOf({}, options);
  const tokens = tokensOf(PREFILL + 3);
  const session = runner.start();
  await session.feed(tokens.slice(0, 2));
  const rows = await session.feed(tokens.slice(2), { rows: "all" });
  expect(rows.length).toBe((tokens.length - 2) * VOCAB);
  for (let i = 2; i < tokens.length; i++) {
    const row = rows.subarray((i - 2) * VOCAB, (i - 1) * VOCAB);
    expect(worst(row, await decoded(runner, tokens.slice(0, i + 1)))).toBeLessThan(SINGLE);
  }
});

test.each([
  ["of any length", {}],
  ["of one length", { length: "fixed" }],
])("a stateless program %s equals the stateful one, also after a rewind", async (_, length) => {
  const [stateless, stateful] = [await runnerOf({}, { program: "stateless", ...length }), await runnerOf()];
  const tokens = tokensOf(11);
  const session = stateless.start();
  await session.feed(tokens);
  session.rewind(6);
  expect(session.length).toBe(6);
  const wanted = await decoded(stateful, [...tokens.slice(0, 6), 4]);
  // The stateless program scales queries by an fp16 constant, the stateful one leaves that to the attention op.
  expect(worst(await session.feed([4]), wanted)).toBeLessThan(HALF_TABLES);
});

test("a prefill that would pass the end of the cache is done token by token", async () => {
  const runner = await runnerOf();
  const tokens = tokensOf(CONTEXT);
  const session = runner.start();
  await session.feed(tokens.slice(0, CONTEXT - 5));
  expect(worst(await session.feed(tokens.slice(CONTEXT - 5)), await decoded(runner, tokens))).toBeLessThan(
    SINGLE,
  );
});

test.each([{ prefill: PREFILL }, { program: "stateless" }])(
  "a full context is refused, and the session stays usable: %j",
  async (options) => {
    const runner = await runnerOf({}, options);
    const session = runner.start();
    const tokens = tokensOf(CONTEXT);
    await session.feed(tokens);
    await expect(session.feed([1])).rejects.toMatchObject({ code: "COREML_CONTEXT_FULL" });
    expect(session.length).toBe(CONTEXT);
    session.rewind(3);
    const wanted = await decoded(runner, [...tokens.slice(0, 3), 1]);
    expect(worst(await session.feed([1]), wanted)).toBeLessThan(SINGLE);
  },
);

test.each([
  ["a token past the vocabulary", [VOCAB]],
  ["a negative token", [-1]],
  ["a token that is no integer", [1.5]],
  ["no token", []],
])("%s is refused", async (_, tokens) => {
  const session = (await runnerOf()).start();
  await expect(session.feed(tokens)).rejects.toMatchObject({ code: "COREML_TOKEN_OUT_OF_RANGE" });
  expect(session.length).toBe(0);
});

test("feeding stops when it is cancelled", async () => {
  const runner = await runnerOf({ max_position_embeddings: 4096 }, { context: 4096, prefill: PREFILL });
  const controller = new AbortController();
  // Comes when the event loop first turns: feeding that kept it waiting to its end would succeed.
  setImmediate(() => controller.abort());
  const feeding = runner.start().feed(tokensOf(4000), { signal: controller.signal });
  await expect(feeding).rejects.toMatchObject({ code: "CORE_CANCELLED" });
});

test("a chunked model is not executed", async () => {
  const { path } = await convert(await tinyModel());
  const opened = await backend.open(path);
  onTestFinished(() => opened.close());
  const { createRunner } = await import("../../src/run/runner.ts");
  const { readPackage } = await import("../../src/package/read-package.ts");
  const part = await readPackage(path);
  onTestFinished(() => part.close());
  await expect(createRunner([part, part], opened.manifest!, {})).rejects.toMatchObject({
    code: "COREML_OP_UNSUPPORTED",
  });
});

const FAMILIES: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ["llama", {}],
  ["llama with a head of its own", { tie_word_embeddings: false }],
  ["mistral with a window", { model_type: "mistral", sliding_window: 5 }],
  ["qwen2", { model_type: "qwen2" }],
  ["qwen3", { model_type: "qwen3" }],
];

/** Every result is rounded to 11 bits, through two layers. */
const HALF_RESULTS = 2e-2;

const PROGRAMS = [{ prefill: PREFILL }, { program: "stateless" }];
const matrix = FAMILIES.flatMap(([family, config]) =>
  PROGRAMS.map((options) => [family, options.program ?? "stateful", config, options] as const),
);

test.each(matrix)("%s, %s: the runner equals the reference pass", async (_, __, config, options) => {
  const tokens = tokensOf(2 * PREFILL + 3);
  const checkpoint = await tinyModel(config, { halfValues: true });
  const reference = await createReferenceRunner(readDecoder(checkpoint), { threads: 1 });
  onTestFinished(() => reference.close());
  const wanted = await reference.start().feed(tokens, { rows: "all" });
  const last = wanted.subarray(wanted.length - VOCAB);
  const single = await runnerOf(config, options);
  const half = await runnerOf(config, options, { precision: "fp16" });
  expect(worst(await single.start().feed(tokens, { rows: "all" }), wanted)).toBeLessThan(HALF_TABLES);
  expect(worst(await half.start().feed(tokens, { rows: "all" }), wanted)).toBeLessThan(HALF_RESULTS);
  expect(worst(await single.start().feed(tokens), last)).toBeLessThan(HALF_TABLES);
  expect(worst(await half.start().feed(tokens), last)).toBeLessThan(HALF_RESULTS);
});
