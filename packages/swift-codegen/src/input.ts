import type { MinimumSystem, ModelGeometry, RuntimeManifest, SwiftBindings } from "@pippin/core";
import type { TokenizerExport } from "@pippin/tokenizer";

/** Everything that is known of a converted model: plain data, from whatever made it. */
export interface SwiftInput {
  readonly manifest: RuntimeManifest;
  /** Folder that holds the packages which the manifest names. */
  readonly packageFolder: string;
  readonly tokenizer: Pick<TokenizerExport, "bytes" | "selfTest">;
  /** What runs the package in an app. */
  readonly bindings: Pick<SwiftBindings, "engine" | "options" | "requires" | "dependency" | "bindings"> & {
    /** Further arguments of the engine's `init`, by label. */
    readonly arguments?: Readonly<Record<string, string>>;
  };
  /** The oldest systems that run the package. */
  readonly minimumSystem: MinimumSystem;
  /** Sizes of the model; without them its memory is underestimated. */
  readonly geometry?: ModelGeometry | undefined;
  /** Questions with the answers of the desk, which a device compares itself with. */
  readonly golden?: readonly GoldenCase[] | undefined;
  /** Licence texts that go along, by file name. */
  readonly legal?: readonly { readonly name: string; readonly text: string }[] | undefined;
}

/** One conversation, and what the package computed of it on the machine that made it. */
export interface GoldenCase {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  /** Local time that the template was given: `2025-02-03T04:05:06`. */
  readonly now: string;
  /** The text that the chat template renders. */
  readonly prompt: string;
  readonly ids: readonly number[];
  readonly logits: {
    /** Ids of the highest logits after the prompt with their values, highest first. */
    readonly top: readonly (readonly [id: number, value: number])[];
    /** How far a device's logits may be off. */
    readonly tolerance: number;
  };
  /** The most likely tokens, one after the other; without the stop token. */
  readonly greedy: readonly number[];
  /** How far the logit of each of them was ahead of the next best. */
  readonly margins: readonly number[];
}
