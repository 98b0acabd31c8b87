import { elementCount } from "@pippin/kernels";
import { Recipe } from "@pippin/quantize";
import { type Choice, chooseWithin } from "./choose.ts";
import type { Sensitivity } from "./measure.ts";

/** The best mix within a budget. */
export interface Mix {
  /** A rule for each weight. */
  readonly recipe: Recipe;
  /** Of the matrices, without the padding of a file. */
  readonly bytes: number;
  /** Average over the matrices that can be encoded, scales and tables included. */
  readonly bitsPerWeight: number;
  /** Expected KL divergence in nats, if losses add up. */
  readonly predictedLoss: number;
}

/**
 * The encodings that are expected to change the model's words least, within a budget.
 *
 * @param budget - bytes of all matrices together.
 * @throws PippinError `TUNE_BUDGET_TOO_SMALL`.
 */
export function chooseRecipe({ weights }: Sensitivity, budget: number, name = "mixed"): Mix {
  const places = chooseWithin(weights, budget);
  const chosen = weights.map(({ choices }, i) => choices[places[i]!]!);
  const rules = weights.map(({ role }, i) => ({ match: role, encoding: chosen[i]!.encoding }));
  const bytes = chosen.reduce((sum, choice) => sum + choice.bytes, 0);
  const counted = weights.map(({ choices, shape }) => (isEncodable(choices) ? elementCount(shape) : 0));
  const elements = counted.reduce((sum, count) => sum + count, 0);
  const encodedBytes = chosen.reduce((sum, choice, i) => sum + (counted[i]! > 0 ? choice.bytes : 0), 0);
  return {
    recipe: Recipe.parse({ name, default: "fp16", rules }),
    bytes,
    bitsPerWeight: elements === 0 ? 16 : (8 * encodedBytes) / elements,
    predictedLoss: chosen.reduce((sum, { loss }) => sum + loss, 0),
  };
}

/**
 * The budget in bytes, for `chooseRecipe`, that is so many bits a weight, scales and tables included. Matrices that no
 * encoding fits, or that are too small for one, stay F16 and do not count.
 */
export function bytesFor(weights: Sensitivity["weights"], bits: number): number {
  return weights.reduce(
    (sum, { choices, shape }) =>
      sum + (isEncodable(choices) ? (bits * elementCount(shape)) / 8 : choices[0]!.bytes),
    0,
  );
}

/** The least bytes that any mix takes. */
export function leastBytes(weights: Sensitivity["weights"]): number {
  return weights.reduce((sum, { choices }) => sum + Math.min(...choices.map(({ bytes }) => bytes)), 0);
}

function isEncodable(choices: readonly Choice[]): boolean {
  return choices.some(({ encoding }) => encoding !== "fp16");
}
