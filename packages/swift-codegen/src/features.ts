import type { FeatureRole, ManifestFeature, RuntimeManifest } from "@pippin/core";
import { escaped, Names } from "./identifier.ts";
import { commentText } from "./literal.ts";

type ManifestFunction = RuntimeManifest["functions"][number];

/** A feature of a Core ML model as Swift spells it. */
export interface SwiftFeature {
  /** As the model calls it; anything. */
  readonly name: string;
  /** Of property and argument label, with backticks where needed. */
  readonly identifier: string;
  /** `Int32`, `Float` or `Float16`. */
  readonly scalar: string;
  /** What it means and how it is shaped: one line of a doc comment. */
  readonly text: string;
}

const SCALARS = { F16: "Float16", F32: "Float", I32: "Int32" } as const satisfies Record<
  ManifestFeature["dtype"],
  string
>;

/** What a feature is for, by its role. */
const MEANINGS: Readonly<Record<FeatureRole, (fn: ManifestFunction) => string>> = {
  tokens: ({ padding, tokens }) => {
    if (tokens === 1) return "The next token id.";
    return padding === "right"
      ? "Token ids; places that are not used, at the end, hold any id."
      : "Token ids.";
  },
  position: () => "How many tokens came before this call.",
  lastToken: () => "Index within this call of the last token that is not padding; its logits come back.",
  attentionMask: () => "1 for tokens, 0 for padding, which follows them.",
  keyCache: () => "Keys of all tokens so far: what the call before gave back.",
  valueCache: () => "Values of all tokens so far: what the call before gave back.",
  logits: ({ logitsRows }) =>
    logitsRows === "all"
      ? "Scores of the token after each position, one for each entry of the vocabulary."
      : "Scores of the next token, one for each entry of the vocabulary.",
};

/**
 * Features with names that Swift takes.
 *
 * @param taken - members and labels that the class around them already has.
 */
export function swiftFeatures(
  features: readonly ManifestFeature[],
  fn: ManifestFunction,
  taken: readonly string[],
): SwiftFeature[] {
  const names = new Names(taken);
  return features.map((feature) => {
    const scalar = SCALARS[feature.dtype];
    return {
      name: feature.name,
      identifier: escaped(names.take(feature.name)),
      scalar,
      text: `${MEANINGS[feature.role](fn)} ${shapeText(feature.shape, fn)} ${scalar}.`,
    };
  });
}

function shapeText(shape: readonly (number | null)[], { tokens }: ManifestFunction): string {
  const range = typeof tokens === "number" ? `${tokens}` : `${tokens.min}…${tokens.max}`;
  return `\`[${shape.map((size) => size ?? range).join(", ")}]\``;
}

/** The caches of a conversation, each as a line of a doc comment. */
export function statesText(states: RuntimeManifest["states"]): string {
  return states
    .map(
      ({ name, shape, layout }) =>
        `/// - ${commentText(name)}: \`[${shape.join(", ")}]\`, ${layout.join(", ")}`,
    )
    .join("\n");
}
