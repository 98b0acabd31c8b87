import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { BackendPlan } from "@pippin/core";
import { parseEncodingName, type Recipe } from "@pippin/quantize";
import {
  CALIBRATION_TEXT,
  type CalibrationTarget,
  calibrate,
  chooseRecipe,
  elementsOf,
  type Mix,
  measureSensitivity,
  type Sensitivity,
} from "@pippin/tune";
import { type Command, InvalidArgumentError } from "commander";
import { cacheFolder } from "./cache-folder.ts";
import type { AnyBackend } from "./config.ts";
import { planConversion } from "./convert.ts";
import { usageError } from "./errors.ts";
import { evaluationWindows } from "./evaluation.ts";
import type { OpenModel } from "./model.ts";
import { parseNumber } from "./schema-options.ts";
import type { CommandContext, Io } from "./terminal/io.ts";
import type { Text } from "./text.ts";

/** Flags of commands that can search a mix of encodings. */
export interface MixFlags {
  readonly quantize?: string;
  readonly recipe?: unknown;
  readonly bitsBudget?: number;
  readonly maxSize?: number;
  readonly calibration?: string;
  readonly calibrate?: boolean;
}

const DEFAULT_BITS = 4.5;
/** Of the text that losses are measured on; calibration reads more. */
const SEARCH = { windows: 6, tokens: 32 };
const CALIBRATE = { windows: 32, tokens: 128 };
/** Headers and gaps of a weight file for each matrix: three blobs at multiples of 64. */
const PADDING = 3 * 128;
const MAX_ROUNDS = 4;
/** Of a text of somebody's own, that windows are chosen from. */
const MAX_WINDOWS = 1024;

export function addMixOptions(command: Command): void {
  command
    .option(
      "--bits-budget <n>",
      "search the best mix of encodings with at most so many bits a weight, scales included (default for mixed: 4.5)",
      bits,
    )
    .option("--max-size <size>", "the same for a package of at most this size: 900MB, 1.2GB", byteCount)
    .option("--calibration <file>", "text that the search measures on (default: one that is bundled)")
    .option("--calibrate", "round weights so that what they compute on that text changes least (GPTQ)");
}

/** Whether the flags ask for a search. */
function wantsMix({ quantize, bitsBudget, maxSize }: MixFlags): boolean {
  return quantize === "mixed" || bitsBudget !== undefined || maxSize !== undefined;
}

export interface Prepared {
  /** With calibrated weights, if that was wanted. */
  readonly model: OpenModel;
  /** With the recipe that was found. */
  readonly options: unknown;
  readonly mix?: Mix | undefined;
  /** Removes what only this conversion needed. */
  finish(): Promise<void>;
}

interface Given {
  readonly backend: AnyBackend;
  readonly model: OpenModel;
  readonly options: unknown;
}

interface Surroundings {
  readonly io: Io;
  readonly context: CommandContext;
}

/**
 * Where the flags ask for it, searches the mix of encodings that changes the model's words least, and calibrates it.
 *
 * @throws PippinError `CLI_USAGE`, `TUNE_*`.
 */
export async function prepareMix(given: Given, flags: MixFlags, around: Surroundings): Promise<Prepared> {
  if (wantsMix(flags)) return searchMix(given, flags, around);
  const stray =
    flags.calibration !== undefined ? "--calibration" : flags.calibrate ? "--calibrate" : undefined;
  if (stray !== undefined) {
    throw usageError(`${stray} belongs to a search`, "Add --quantize mixed, --bits-budget or --max-size.");
  }
  return { ...given, finish: async () => undefined };
}

async function searchMix(
  { backend, model, options }: Given,
  flags: MixFlags,
  { io, context }: Surroundings,
): Promise<Prepared> {
  const text = checkFlags(backend, model, flags);
  const candidates = backend.recipeEncodings!(options); // checked above
  const folder = join(cacheFolder(io.env), "tune");
  const windows = await textWindows(text, flags.calibration, SEARCH);
  const sensitivity = await measureSensitivity(
    model.decoder,
    windows,
    { cacheFolder: folder, candidates },
    context,
  );
  const withRecipe = (recipe: Recipe) => ({ ...(options as object), recipe });
  const plan = (recipe: Recipe) => planConversion(backend, model, withRecipe(recipe));
  const mix = chooseMix(sensitivity, flags, plan);
  if (!flags.calibrate) return { model, options: withRecipe(mix.recipe), mix, finish: async () => undefined };

  const targets = calibrationTargets(mix.recipe);
  const own = createHash("sha256")
    .update(JSON.stringify([model.folder, mix.recipe]))
    .digest("hex");
  const calibrations = join(folder, `calibrate-${own.slice(0, 16)}`);
  const texts = await textWindows(text, flags.calibration, CALIBRATE);
  const { weights } = await calibrate(model.decoder, targets, texts, { cacheFolder: calibrations }, context);
  return {
    model: { ...model, decoder: { ...model.decoder, weights } },
    options: withRecipe(onGrids(mix.recipe, targets)),
    mix,
    finish: () => rm(calibrations, { recursive: true, force: true }),
  };
}

/** Within bits a weight, or as large as the whole package may be. */
function chooseMix(sensitivity: Sensitivity, flags: MixFlags, plan: (recipe: Recipe) => BackendPlan): Mix {
  const elements = elementsOf(sensitivity.weights);
  const { maxSize, bitsBudget = maxSize === undefined ? DEFAULT_BITS : undefined } = flags;
  if (maxSize === undefined) return chooseRecipe(sensitivity, (elements * bitsBudget!) / 8);
  let budget = maxSize - PADDING * sensitivity.weights.length;
  if (bitsBudget !== undefined) budget = Math.min(budget, (elements * bitsBudget) / 8);
  for (let round = 0; ; round++) {
    const mix = chooseRecipe(sensitivity, budget);
    const excess = plan(mix.recipe).outputBytes - maxSize;
    if (excess <= 0 || round === MAX_ROUNDS) return mix;
    budget = Math.min(budget, mix.bytes) - excess;
  }
}

/** What can be calibrated: matrices of layers in few bits. */
function calibrationTargets({ rules }: Recipe): Map<string, CalibrationTarget> {
  const targets = new Map<string, CalibrationTarget>();
  for (const { match, encoding } of rules) {
    const storage = typeof encoding === "string" ? parseEncodingName(encoding) : undefined;
    if (!match.startsWith("layers.") || storage === undefined || typeof storage === "string") continue;
    if (storage.kind === "palette" && storage.granularity === "per_grouped_channel") {
      const { bits, groupSize: groupRows } = storage;
      if (bits === 2 || bits === 3 || bits === 4 || bits === 6)
        targets.set(match, { kind: "palette", bits, groupRows });
    } else if (storage.kind === "linear" && storage.dtype.endsWith("4")) {
      const offset = storage.mode === "asymmetric" ? "integer" : "none";
      targets.set(match, { kind: "linear", bits: 4, offset, blockSize: storage.blockSize });
    }
  }
  return targets;
}

/** Calibrated weights lie on grids of their own. */
function onGrids(recipe: Recipe, targets: ReadonlyMap<string, unknown>): Recipe {
  const rules = recipe.rules.map((rule) => (targets.has(rule.match) ? { ...rule, encoding: "grid" } : rule));
  return { ...recipe, rules };
}

/** Windows from all parts of the text, in its order. */
async function textWindows(
  text: Text,
  file: string | undefined,
  { windows, tokens }: { readonly windows: number; readonly tokens: number },
): Promise<(readonly number[])[]> {
  const all: (readonly number[])[] = [];
  const given = evaluationWindows(text, {
    file,
    bundled: CALIBRATION_TEXT,
    size: tokens,
    count: MAX_WINDOWS,
  });
  for await (const window of given) all.push(window);
  const step = Math.max(1, all.length / windows);
  return all.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step)).slice(0, windows);
}

/** @throws PippinError `CLI_USAGE`. */
function checkFlags(backend: AnyBackend, { text }: OpenModel, flags: MixFlags): Text {
  if (backend.recipeEncodings === undefined) {
    throw usageError(
      `the backend "${backend.id}" takes no recipes`,
      "Name one of its encodings with --quantize.",
    );
  }
  if (flags.recipe !== undefined) {
    throw usageError(
      "--recipe says which weight gets which encoding, so there is nothing to search",
      "Leave one of both out.",
    );
  }
  if (flags.quantize !== undefined && flags.quantize !== "mixed" && flags.quantize !== "none") {
    throw usageError(
      `--quantize ${flags.quantize} is no search`,
      "Use --quantize mixed with --bits-budget and --max-size.",
    );
  }
  if (text !== undefined) return text;
  throw usageError(
    "a search needs the model's tokenizer, and there is none",
    "Put its tokenizer.json beside the weights, or name a --recipe.",
  );
}

function bits(given: string): number {
  const value = parseNumber(given);
  if (value > 0 && value <= 16) return value;
  throw new InvalidArgumentError("It must be a number of bits above 0, at most 16.");
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

function byteCount(given: string): number {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(given.trim()) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  if (digits !== undefined && factor !== undefined) return Number(digits) * factor;
  throw new InvalidArgumentError("It must be a size such as 900MB or 1.2GB.");
}

/** For people. */
export function mixText({ bitsPerWeight, predictedLoss }: Mix): string {
  return `searched: ${bitsPerWeight.toFixed(2)} bits a weight, expected KL ${predictedLoss.toPrecision(2)}`;
}

/** For `--json`. */
export function mixFigures({ recipe, bytes, bitsPerWeight, predictedLoss }: Mix) {
  return { recipe, weightBytes: bytes, bitsPerWeight, predictedLoss };
}
