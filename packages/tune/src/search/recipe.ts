import { Recipe } from "@pippin/quantize";
import { chooseWithin } from "./choose.ts";
import type { Sensitivity } from "./measure.ts";

/** The best mix within a budget. */
export interface Mix {
  /** A rule for each weight. */
  readonly recipe: Recipe;
  /** Of the matrices, without the padding of a file. */
  readonly bytes: number;
  /** Average over the matrices, scales and tables included. */
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
  const elements = elementsOf(weights);
  return {
    recipe: Recipe.parse({ name, default: "fp16", rules }),
    bytes,
    bitsPerWeight: (8 * bytes) / elements,
    predictedLoss: chosen.reduce((sum, { loss }) => sum + loss, 0),
  };
}

/** Elements of all matrices: what bits are counted over. */
export function elementsOf(weights: Sensitivity["weights"]): number {
  return weights.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}
