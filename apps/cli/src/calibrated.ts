import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ownGrid } from "@pippin/kernels";
import {
  encodingOf,
  type MatrixEncoding,
  PRESETS,
  type Preset,
  presetRecipe,
  type Recipe,
} from "@pippin/quantize";
import { CALIBRATION_TEXT, type CalibrationTarget, calibrate } from "@pippin/tune";
import type { AnyBackend } from "./config.ts";
import { usageError } from "./errors.ts";
import { evaluationWindows } from "./evaluation.ts";
import type { OpenModel } from "./model.ts";
import type { CommandContext } from "./terminal/io.ts";

/** Of the text that weights are rounded on: 4,096 tokens. */
const CALIBRATE = { windows: 32, tokens: 128 };
/** Of a text of somebody's own, that windows are chosen from. */
const MAX_WINDOWS = 1024;

export interface Given {
  readonly backend: AnyBackend;
  readonly model: OpenModel;
  readonly options: unknown;
}

export interface Calibrated {
  readonly model: OpenModel;
  readonly options: unknown;
  /** Removes what only this conversion needed. */
  finish(): Promise<void>;
}

export interface CalibrateRequest {
  readonly flags: { readonly calibration?: string; readonly quantize?: string };
  /** A search's recipe; otherwise that of the options. */
  readonly found: Recipe | undefined;
  /** Where finished layers are kept until the package is written. */
  readonly folder: string;
}

/**
 * Rounds the weights of the layers so that what they compute on a text changes least.
 *
 * @returns the model with its weights on the grids that its recipe wants, and options that keep them there.
 * @throws PippinError `CLI_USAGE`, `TUNE_*`.
 */
export async function calibrateWeights(
  { backend, model, options }: Given,
  { flags, found, folder }: CalibrateRequest,
  context: CommandContext,
): Promise<Calibrated> {
  const recipe = found ?? recipeOf(options, flags);
  checkCalibration(backend, options);
  const targets = targetsOf(model, recipe);
  if (targets.size === 0) {
    throw usageError(
      "the recipe has nothing to calibrate",
      "Integers of 4 bits and palettes are calibrated; weights that keep the grid of their checkpoint lose nothing.",
    );
  }
  const key = createHash("sha256").update(JSON.stringify([model.folder, recipe]));
  const cache = join(folder, `calibrate-${key.digest("hex").slice(0, 16)}`);
  const windows = await textWindows(model, flags.calibration, CALIBRATE, context);
  const { weights } = await calibrate(model.decoder, targets, windows, { cacheFolder: cache }, context);
  const rules = [...targets.keys()].map((match) => ({ match, encoding: "grid" }));
  return {
    model: { ...model, decoder: { ...model.decoder, weights } },
    options: withRecipe(options, { ...recipe, rules: [...recipe.rules, ...rules] }),
    finish: () => rm(cache, { recursive: true, force: true }),
  };
}

export function withRecipe(options: unknown, recipe: Recipe): unknown {
  // Backends whose options take a recipe have an object of options.
  return { ...(options as object), recipe };
}

/**
 * Windows from all parts of a text, in its order. Weights without a tokenizer are measured on arbitrary ids, the same each
 * time, with a warning.
 *
 * @throws PippinError `CLI_USAGE`.
 */
export async function textWindows(
  { text, decoder }: OpenModel,
  file: string | undefined,
  { windows, tokens }: { readonly windows: number; readonly tokens: number },
  context: CommandContext,
): Promise<(readonly number[])[]> {
  const size = Math.min(tokens, decoder.spec.maxPositions);
  if (text === undefined) return arbitraryWindows(decoder.spec.vocabSize, { file, windows, size }, context);
  const all: (readonly number[])[] = [];
  const given = evaluationWindows(text, { file, bundled: CALIBRATION_TEXT, size, count: MAX_WINDOWS });
  for await (const window of given) all.push(window);
  const step = Math.max(1, all.length / windows);
  return all.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step)).slice(0, windows);
}

function arbitraryWindows(
  vocabSize: number,
  {
    file,
    windows,
    size,
  }: { readonly file: string | undefined; readonly windows: number; readonly size: number },
  { warn }: CommandContext,
): number[][] {
  if (file !== undefined) {
    throw usageError(
      "the model has no tokenizer, so it cannot read a text",
      "Put its tokenizer.json beside the weights.",
    );
  }
  warn({
    code: "CLI_NO_TEXT",
    message: "the model has no tokenizer: encodings are chosen by what it makes of arbitrary tokens",
    hint: "Put its tokenizer.json beside the weights for a better choice.",
  });
  return Array.from({ length: windows }, (_, window) =>
    Array.from({ length: size }, (_, at) => ((window * size + at) * 7919 + 13) % vocabSize),
  );
}

/** The recipe that the options ask for. */
function recipeOf(options: unknown, { quantize = "none" }: CalibrateRequest["flags"]): Recipe {
  // As above; the flags of a backend that takes recipes are checked by its schema.
  const { recipe, compute } = options as { recipe?: Recipe; compute?: "all" | "gpu" | "ane" };
  if (recipe !== undefined) return recipe;
  if ((PRESETS as readonly string[]).includes(quantize)) return presetRecipe(quantize as Preset, compute);
  throw usageError(
    "--calibrate needs encodings to round to",
    "Add --quantize int4, lut4, lut6 or mixed, --recipe, --bits-budget or --max-size.",
  );
}

function checkCalibration(backend: AnyBackend, options: unknown): void {
  const encodings = backend.recipeEncodings?.(options) ?? [];
  if (!encodings.some((name) => name.includes("/"))) {
    throw usageError(
      "calibrated weights need groups with scales or palettes of their own",
      "Use --target ios18.",
    );
  }
}

/** What can be calibrated: matrices of layers in few bits. */
function targetsOf({ decoder }: OpenModel, recipe: Recipe): Map<string, CalibrationTarget> {
  const targets = new Map<string, CalibrationTarget>();
  for (const role of decoder.weights.roles) {
    if (!role.startsWith("layers.")) continue;
    const expr = decoder.weights.expr(role);
    const grid = ownGrid(expr);
    const encoding = encodingOf(recipe, { role, shape: expr.shape, grid });
    const target = encoding && encoding !== grid ? targetOf(encoding) : undefined;
    if (target !== undefined) targets.set(role, target);
  }
  return targets;
}

function targetOf(encoding: MatrixEncoding): CalibrationTarget | undefined {
  if (encoding.kind === "palette" && encoding.granularity === "per_grouped_channel") {
    const { bits, groupSize: groupRows = 1 } = encoding;
    const known = bits === 2 || bits === 3 || bits === 4 || bits === 6;
    return known ? { kind: "palette", bits, groupRows } : undefined;
  }
  if (encoding.kind !== "linear" || !encoding.dtype.endsWith("4")) return undefined;
  const offset = encoding.mode === "asymmetric" ? "integer" : "none";
  const { blockSize } = encoding;
  return { kind: "linear", bits: 4, offset, ...(blockSize && { blockSize }) };
}
