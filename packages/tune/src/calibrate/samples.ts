import type { Runner, StageContext } from "@pippin/core";
import { generate } from "@pippin/verify";
import { calibrateError } from "./errors.ts";

export interface SampleWindowsOptions {
  /** Windows to make. */
  readonly count: number;
  /** Tokens of a window, its beginning included. */
  readonly length: number;
  /** What windows begin with, in turn: a beginning of a conversation, or one token each. */
  readonly starts: readonly (readonly number[])[];
  /** Default 1: the model's own distribution. */
  readonly temperature?: number | undefined;
  /** Same seed, same windows; default 1. */
  readonly seed?: number | undefined;
}

/**
 * Windows of text that the model writes itself: calibration without any data (Liu et al., "LLM-QAT", 2023, section 2.1),
 * and of the kind that the model was trained for.
 *
 * @throws PippinError `TUNE_CALIBRATION_EMPTY` without a start that fits; as `generate`.
 */
export async function sampleWindows(
  runner: Runner,
  { count, length, starts, temperature = 1, seed = 1 }: SampleWindowsOptions,
  context: StageContext = {},
): Promise<number[][]> {
  if (starts.length === 0 || starts.some((start) => start.length === 0 || start.length >= length)) {
    throw calibrateError("TUNE_CALIBRATION_EMPTY", {
      message: `windows of ${length} tokens cannot begin with ${starts.map((start) => start.length).join(", ") || "no"} tokens`,
      hint: "Give beginnings of at least one token, shorter than the windows.",
    });
  }
  const windows: number[][] = [];
  for (let index = 0; index < count; index++) {
    const start = starts[index % starts.length]!;
    const window = [...start];
    const options = { maxTokens: length - start.length, temperature, seed: seed + index };
    for await (const token of generate(runner, start, options, context)) window.push(token);
    windows.push(window);
    context.progress?.({ stage: "sample", unit: "steps", done: index + 1, total: count });
  }
  return windows;
}
