import { basename, resolve } from "node:path";
import type { Runner } from "@pippin/core";
import { createReferenceRunner } from "@pippin/decoder/node";
import {
  type AnswerText,
  type Condition,
  compareAllOnText,
  compareAnswers,
  compareOnText,
  EVALUATION_PROMPTS,
  type GreedyReport,
  judge,
  remembering,
  type TextReport,
  type Verdict,
} from "@pippin/verify";
import { evaluationWindows } from "./evaluation.ts";
import type { OpenModel } from "./model.ts";
import { openPackage, startRunner } from "./package.ts";
import { packageBytes } from "./package-size.ts";
import { compareChat, type ParityVerdict, promptIds } from "./parity.ts";
import type { CommandContext, Io } from "./terminal/io.ts";

/** What is measured, of each package. */
export interface VerifyOptions {
  readonly tokens: number;
  readonly prompts: number;
  /** A file; absent: the bundled text. */
  readonly text?: string | undefined;
  readonly windows: number;
  readonly windowTokens: number;
  readonly failIf: readonly Condition[];
  readonly precision: "fp16" | "fp32";
}

/** A package measured beside its original. */
export interface Verification {
  /** Its file name, or its path where another one has the same name. */
  readonly name: string;
  /** Of the weights, from the manifest. */
  readonly encoding: string;
  readonly bytes: number;
  /** How it was executed, in words. */
  readonly precision: string;
  /** Of the prompts; its `passed` is the default criterion. */
  readonly chat: ParityVerdict;
  readonly answers: readonly AnswerText[];
  /** `null` without a tokenizer, or when no windows are wanted. */
  readonly text: TextReport | null;
  readonly conditions: Verdict["conditions"];
  /** By the conditions, or without any by the default criterion. */
  readonly passed: boolean;
}

/** Told as soon as each is known, in order. */
export interface Listener {
  readonly onChat?: ((chat: ParityVerdict) => void) | undefined;
}

interface Candidate extends AsyncDisposable {
  readonly name: string;
  readonly encoding: string | undefined;
  readonly bytes: number;
  readonly precision: string;
  readonly runner: Runner;
}

/**
 * Measures packages of one model. The original computes each prompt and each window once, whatever their number.
 *
 * Memory: the weights of the original and of all packages.
 */
export async function verifyPackages(
  { paths, model }: { readonly paths: readonly string[]; readonly model: OpenModel },
  options: VerifyOptions,
  { io, context, onChat }: { readonly io: Io; readonly context: CommandContext } & Listener,
): Promise<Verification[]> {
  const candidates: Candidate[] = [];
  await using _ = { [Symbol.asyncDispose]: () => closeAll(candidates) };
  for (const [index, name] of namesOf(paths).entries())
    candidates.push(await openCandidate(paths[index]!, { name, options, io, context }));
  const contextLength = Math.min(...candidates.map(({ runner }) => runner.contextLength));
  const original = await createReferenceRunner(model.decoder, { contextLength }, context);
  await using __ = { [Symbol.asyncDispose]: () => original.close() };
  const reference = candidates.length > 1 ? remembering(original) : original;

  const prompts = promptIds(model, options, contextLength);
  const spoken: Pick<Verification, "chat" | "answers">[] = [];
  for (const { runner, encoding } of candidates) {
    const pair = { reference, candidate: runner };
    const chat = await compareChat(pair, prompts, { ...options, quantization: encoding }, context);
    onChat?.(chat);
    const given = { model, runner, prompts, greedy: chat.greedy };
    spoken.push({ chat, answers: await answersOf(given, context) });
  }
  const given = { model, reference: original, candidates, contextLength };
  const texts = await measureOnText(given, options, context);
  return candidates.map(({ name, encoding = "unknown", bytes, precision }, index) => {
    const { chat, answers } = spoken[index]!;
    const text = texts?.[index] ?? null;
    const verdict = judge({ chat, text }, options.failIf);
    const passed = options.failIf.length > 0 ? verdict.passed : chat.passed;
    return { name, encoding, bytes, precision, chat, answers, text, conditions: verdict.conditions, passed };
  });
}

async function openCandidate(
  path: string,
  given: {
    readonly name: string;
    readonly options: VerifyOptions;
    readonly io: Io;
    readonly context: CommandContext;
  },
): Promise<Candidate> {
  const { name, options, io, context } = given;
  const opened = await openPackage(path, io);
  try {
    const runner = await startRunner(opened, options, context);
    return {
      name,
      encoding: opened.opened.manifest?.quantization,
      bytes: await packageBytes(opened.opened),
      precision: opened.opened.runner
        ? options.precision
        : "the original's arithmetic, with the package's weights",
      runner,
      async [Symbol.asyncDispose]() {
        await runner.close();
        await opened[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

async function closeAll(candidates: readonly Candidate[]): Promise<void> {
  for (const each of candidates) await each[Symbol.asyncDispose]();
}

/** File names, and paths where names are not enough. */
function namesOf(paths: readonly string[]): string[] {
  const names = paths.map((path) => basename(resolve(path)));
  return names.map((name, index) =>
    names.filter((other) => other === name).length > 1 ? paths[index]! : name,
  );
}

async function measureOnText(
  given: {
    readonly model: OpenModel;
    readonly reference: Runner;
    readonly candidates: readonly Candidate[];
    readonly contextLength: number;
  },
  { windows: count, windowTokens, text: file }: VerifyOptions,
  context: CommandContext,
): Promise<TextReport[] | null> {
  const { model, reference, candidates, contextLength } = given;
  if (model.text === undefined || count === 0) return null;
  const windows = evaluationWindows(model.text, { file, size: Math.min(windowTokens, contextLength), count });
  if (candidates.length > 1)
    return compareAllOnText({ reference, candidates }, windows, { total: count }, context);
  const pair = { reference, candidate: candidates[0]!.runner };
  return [await compareOnText(pair, windows, { total: count }, context)];
}

/** What both say to the prompts; nothing without a tokenizer. */
async function answersOf(
  given: {
    readonly model: OpenModel;
    readonly runner: Runner;
    readonly prompts: readonly number[][];
    readonly greedy: GreedyReport;
  },
  context: CommandContext,
): Promise<AnswerText[]> {
  const { text } = given.model;
  if (text === undefined) return [];
  const options = { greedy: given.greedy, stopTokens: text.stopTokens };
  const pairs = await compareAnswers(given.runner, given.prompts, options, context);
  const read = (ids: readonly number[]) => text.tokenizer.decode([...ids], { skipSpecialTokens: true });
  return pairs.map(({ prompt, divergesAt, ...ids }) => ({
    prompt: EVALUATION_PROMPTS[prompt]!,
    original: read(ids.original),
    package: read(ids.package),
    divergesAt,
  }));
}
