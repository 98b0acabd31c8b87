import { join } from "node:path";
import type { BackendPlan } from "@pippin/core";
import type { Recipe } from "@pippin/quantize";
import {
  bytesFor,
  chooseRecipe,
  leastBytes,
  type Mix,
  measureSensitivity,
  type Sensitivity,
} from "@pippin/tune";
import { type Command, InvalidArgumentError } from "commander";
import { cacheFolder } from "./cache-folder.ts";
import { type Calibrated, calibrateWeights, type Given, textWindows, withRecipe } from "./calibrated.ts";
import type { AnyBackend } from "./config.ts";
import { planConversion } from "./convert.ts";
import { usageError } from "./errors.ts";
import { parseNumber } from "./schema-options.ts";
import type { CommandContext, Io } from "./terminal/io.ts";

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
/** Of the text that losses are measured on. */
const SEARCH = { windows: 6, tokens: 32 };
/** Headers and gaps of a weight file for each matrix: three blobs at multiples of 64. */
const PADDING = 3 * 128;
const MAX_ROUNDS = 4;

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

/** Whether what will be written is only known with the weights at hand. */
export function needsWeights(flags: MixFlags): boolean {
  return wantsMix(flags) || flags.calibrate === true;
}

/** Whether the flags ask for a search. */
function wantsMix({ quantize, bitsBudget, maxSize }: MixFlags): boolean {
  return quantize === "mixed" || bitsBudget !== undefined || maxSize !== undefined;
}

export interface Prepared extends Calibrated {
  readonly mix?: Mix | undefined;
}

interface Surroundings {
  readonly io: Io;
  readonly context: CommandContext;
}

/**
 * Where the flags ask for it, searches the mix of encodings that changes the model's words least, and calibrates the weights.
 *
 * @throws PippinError `CLI_USAGE`, `TUNE_*`.
 */
export async function prepareWeights(
  given: Given,
  flags: MixFlags,
  { io, context }: Surroundings,
): Promise<Prepared> {
  const folder = join(cacheFolder(io.env), "tune");
  const mix = wantsMix(flags) ? await searchMix(given, flags, { folder, context }) : undefined;
  if (!flags.calibrate) {
    if (flags.calibration !== undefined && mix === undefined) {
      throw usageError(
        "--calibration is read by a search and by --calibrate, and neither is asked for",
        "Add --calibrate, --quantize mixed, --bits-budget or --max-size.",
      );
    }
    const options = mix ? withRecipe(given.options, mix.recipe) : given.options;
    return { ...given, options, mix, finish: async () => undefined };
  }
  const calibrated = await calibrateWeights(given, { flags, found: mix?.recipe, folder }, context);
  return { ...calibrated, mix };
}

async function searchMix(
  { backend, model, options }: Given,
  flags: MixFlags,
  { folder, context }: { readonly folder: string; readonly context: CommandContext },
): Promise<Mix> {
  checkFlags(backend, flags);
  const candidates = backend.recipeEncodings!(options); // checked above
  const windows = await textWindows(model, flags.calibration, SEARCH, context);
  const given = { cacheFolder: folder, candidates };
  const sensitivity = await measureSensitivity(model.decoder, windows, given, context);
  const plan = (recipe: Recipe) => planConversion(backend, model, withRecipe(options, recipe));
  return chooseMix(sensitivity, flags, plan);
}

/** Within bits a weight, or as large as the whole package may be. */
function chooseMix(sensitivity: Sensitivity, flags: MixFlags, plan: (recipe: Recipe) => BackendPlan): Mix {
  const { weights } = sensitivity;
  const { maxSize, bitsBudget } = flags;
  if (maxSize === undefined) {
    // Nobody asked for the default, so it gives way where weights are too small or odd for it.
    const least = bitsBudget === undefined ? leastBytes(weights) : 0;
    return chooseRecipe(sensitivity, Math.max(least, bytesFor(weights, bitsBudget ?? DEFAULT_BITS)));
  }
  let budget = maxSize - PADDING * weights.length;
  if (bitsBudget !== undefined) budget = Math.min(budget, bytesFor(weights, bitsBudget));
  for (let round = 0; ; round++) {
    const mix = chooseRecipe(sensitivity, budget);
    const excess = plan(mix.recipe).outputBytes - maxSize;
    if (excess <= 0 || round === MAX_ROUNDS) return mix;
    budget = Math.min(budget, mix.bytes) - excess;
  }
}

/** @throws PippinError `CLI_USAGE`. */
function checkFlags(backend: AnyBackend, flags: MixFlags): void {
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
