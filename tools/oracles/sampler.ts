/**
 * Answers test_sampler.py with `@pippin/verify`: JSON Lines in, JSON Lines out, as the Swift program SamplerDriver.
 *
 *     node tools/oracles/sampler.ts
 *
 * With `draws` of 0 the answer is `{ ids, probabilities }` of the first row, else `{ ids }`, with -1 where no token could be chosen.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { isPippinError } from "@pippin/core";
import { createSampler, type SampleOptions } from "@pippin/verify";

interface Question {
  readonly file: string;
  readonly format: "float16" | "float32";
  readonly count: number;
  readonly rows: number;
  /** From one logit to the next. */
  readonly stride: number;
  readonly sampling: SampleOptions;
  readonly prompt: readonly number[];
  /** Tokens that were chosen before. */
  readonly answer: readonly number[];
  readonly draws: number;
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(JSON.parse(line)))); // what test_sampler.py writes
}

function answer(question: Question): object {
  const rows = readRows(question);
  const sampler = createSampler(question.sampling, question.prompt);
  for (const id of question.answer) sampler.accept(id);
  if (question.draws > 0) {
    const draw = (_: unknown, i: number) => unlessRefused(() => sampler.next(rows[i % rows.length]!), -1);
    return { ids: Array.from({ length: question.draws }, draw) };
  }
  const candidates = unlessRefused(() => sampler.probabilities(rows[0]!), []);
  return {
    ids: candidates.map(({ id }) => id),
    probabilities: candidates.map(({ probability }) => probability),
  };
}

function readRows({ file, format, count, rows, stride }: Question): Float32Array[] {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
  const values = format === "float16" ? new Float16Array(bytes) : new Float32Array(bytes);
  return Array.from({ length: rows }, (_, row) =>
    Float32Array.from({ length: count }, (_, id) => values[(row * count + id) * stride]!),
  );
}

function unlessRefused<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch (error) {
    if (isPippinError(error) && error.code === "VERIFY_LOGITS_NOT_FINITE") return otherwise;
    throw error;
  }
}
