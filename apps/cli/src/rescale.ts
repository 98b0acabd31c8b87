import { MAX_RESCALE, type Rescaling, rescale, rescalingFor } from "@pippin/decoder";
import { measureValueRange } from "@pippin/decoder/node";
import { InvalidArgumentError, Option } from "commander";
import { evaluationWindows } from "./evaluation.ts";
import type { OpenModel } from "./model.ts";
import type { CommandContext } from "./terminal/io.ts";

/** Parsed `--rescale`. */
export type RescaleChoice = "none" | "auto" | number;

/** Text that `auto` measures: 8 windows of 64 tokens. */
const [WINDOWS, WINDOW_TOKENS] = [8, 64] as const;

export function rescaleOption(): Option {
  return new Option(
    "--rescale <k>",
    `divide the values inside by 2^k, exactly, where fp16 overflows: none, auto (measures a short text), or 1 to ${MAX_RESCALE}`,
  )
    .default("none")
    .argParser(parseChoice);
}

function parseChoice(text: string): RescaleChoice {
  if (text === "none" || text === "auto") return text;
  const exponent = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (exponent >= 1 && exponent <= MAX_RESCALE) return exponent;
  throw new InvalidArgumentError(`Not none, auto or a whole number from 1 to ${MAX_RESCALE}`);
}

/**
 * The model with smaller values inside and the same logits, as far as the choice asks for it.
 *
 * @throws PippinError `DECODER_RESCALE_INVALID` when `auto` finds values that no exponent brings into range.
 */
export async function rescaledModel(
  model: OpenModel,
  choice: RescaleChoice,
  context: CommandContext,
): Promise<OpenModel> {
  const rescaling = await rescalingOf(model, choice, context);
  if (rescaling.residual === 0 && rescaling.inner === 0) return model;
  return { ...model, decoder: rescale(model.decoder, rescaling) };
}

async function rescalingOf(
  model: OpenModel,
  choice: RescaleChoice,
  context: CommandContext,
): Promise<Rescaling> {
  if (choice === "none") return { residual: 0, inner: 0 };
  if (choice !== "auto") return { residual: choice, inner: choice };
  return rescalingFor(await measureValueRange(model.decoder, await windowsOf(model), {}, context));
}

/** One line for people. */
export function rescalingText({ residual, inner }: Rescaling): string {
  return `rescaled: the residual stream by 2^-${residual}, values inside of blocks by 2^-${inner}`;
}

/** Of the bundled text; without a tokenizer any ids, the same each time. */
async function windowsOf({ text, decoder }: OpenModel): Promise<(readonly number[])[]> {
  const { vocabSize, maxPositions } = decoder.spec;
  const size = Math.min(WINDOW_TOKENS, maxPositions);
  if (text) return Array.fromAsync(evaluationWindows(text, { size, count: WINDOWS }));
  return Array.from({ length: WINDOWS }, (_, window) =>
    Array.from({ length: size }, (_, at) => ((window * size + at) * 7919 + 13) % vocabSize),
  );
}
