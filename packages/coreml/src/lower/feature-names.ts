/** Names of a package's inputs, outputs and states, as an app's code spells them. */
export interface FeatureNames {
  readonly tokens: string;
  readonly position: string;
  readonly lastToken: string;
  readonly attentionMask: string;
  readonly logits: string;
  readonly keyCache: string;
  readonly valueCache: string;
}

/** `pippin`: the words of Hugging Face's models. `swift-transformers`: what that package looks features up by. */
export const FEATURE_NAMES = {
  pippin: {
    tokens: "input_ids",
    position: "position",
    lastToken: "last_token",
    attentionMask: "attention_mask",
    logits: "logits",
    keyCache: "keyCache",
    valueCache: "valueCache",
  },
  "swift-transformers": {
    tokens: "inputIds",
    position: "position",
    lastToken: "lastToken",
    attentionMask: "attentionMask",
    logits: "logits",
    keyCache: "keyCache",
    valueCache: "valueCache",
  },
} as const satisfies Record<string, FeatureNames>;
