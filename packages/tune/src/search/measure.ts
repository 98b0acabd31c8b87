import { type StageContext, throwIfCancelled } from "@pippin/core";
import type { Decoder } from "@pippin/decoder";
import { tuneError } from "../errors.ts";
import { openCache, searchKey } from "./cache.ts";
import { CANDIDATES } from "./candidates.ts";
import type { WeightChoices } from "./choose.ts";
import { Prober } from "./prober.ts";
import { unitsOf } from "./units.ts";

export interface SensitivityOptions {
  /** Where finished measurements are kept: a run that was killed goes on there. */
  readonly cacheFolder: string;
  /** Encodings to choose from, by name; those that do not fit a weight are left out for it. */
  readonly candidates?: readonly string[];
  readonly threads?: number | undefined;
}

/** What each encoding of each weight is expected to cost. */
export interface Sensitivity {
  readonly weights: readonly (WeightChoices & { readonly shape: readonly number[] })[];
  readonly tokens: number;
  /** Units that an earlier run had measured. */
  readonly reused: number;
}

/**
 * Measures what compressing each matrix does to the model's words on a text.
 *
 * For each unit (the q and k of a layer, its v, o, gate and up, down) one encoding is tried, and the KL divergence of
 * the whole model's next-token probabilities is measured. Other encodings, and the matrices of a unit, are told apart by
 * their errors weighted with the mean squares of their inputs: KL grows with the square of small errors, and those of
 * different matrices add up. Every encoding of embedding and head is measured.
 *
 * Memory: the model as `createReferenceRunner` holds it, the inputs of all layers and the probabilities of all words
 * (8 bytes for each token and word of the vocabulary). Time: about half a forward pass over the text for each unit.
 *
 * @param windows - token ids, each read from an empty context; some hundred tokens are enough.
 * @throws PippinError `TUNE_CALIBRATION_EMPTY`, `TUNE_NOT_FINITE`, `CORE_CANCELLED`, and as reading weights.
 */
export async function measureSensitivity(
  decoder: Decoder,
  windows: readonly (readonly number[])[],
  options: SensitivityOptions,
  context: StageContext = {},
): Promise<Sensitivity> {
  const contextLength = windows.reduce((most, { length }) => Math.max(most, length), 0);
  if (contextLength === 0) {
    throw tuneError("TUNE_CALIBRATION_EMPTY", {
      message: "there is no token to measure on",
      hint: "Give a text of some hundred tokens that is like what the model will read.",
    });
  }
  const names = options.candidates ?? CANDIDATES;
  const cache = await openCache(options.cacheFolder, await searchKey(decoder, windows, names));
  const units = unitsOf(decoder.spec);
  let prober: Prober | undefined;
  const weights: (WeightChoices & { shape: readonly number[] })[] = [];
  let reused = 0;
  try {
    for (const [index, unit] of units.entries()) {
      throwIfCancelled(context.signal);
      context.progress?.({
        stage: "search",
        unit: "steps",
        done: index,
        total: units.length,
        item: unit.name,
      });
      const known = cache.get(unit.name);
      if (known !== undefined) reused++;
      prober ??= known
        ? undefined
        : await Prober.open(decoder, windows, { ...options, contextLength }, context);
      const measured = known ?? (await prober!.measure(unit, names));
      if (known === undefined) await cache.put(unit.name, measured);
      weights.push(...measured.map((each) => ({ ...each, shape: decoder.weights.expr(each.role).shape })));
    }
    context.progress?.({ stage: "search", unit: "steps", done: units.length, total: units.length });
  } finally {
    await cache.close();
    await prober?.close();
  }
  return { weights, tokens: windows.reduce((sum, { length }) => sum + length, 0), reused };
}
