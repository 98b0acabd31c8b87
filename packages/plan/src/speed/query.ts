import type { EngineId } from "./engines.ts";

/** What a model makes a device do, whatever its family. */
export interface Work {
  /** Bytes of weights read for each decoded token: of the experts that run, without tables of which one row is read. */
  readonly weightBytes: number;
  /** Bytes of KV cache that one token of context adds, and that each later token reads. */
  readonly cacheBytesPerToken: number;
  /** Weights multiplied for each token. */
  readonly parameters: number;
  readonly layers: number;
  /** Layers whose feed-forward is a mixture of experts; none when absent. */
  readonly expertLayers?: number;
}

/** One model on one chip. */
export interface SpeedQuery {
  readonly work: Work;
  readonly engine: EngineId;
  /** A chip's name, as {@link findChip} knows it. */
  readonly chip: string;
  /** Tokens in the cache while decoding. */
  readonly contextTokens: number;
  /** Tokens of the prompt that is prefilled. */
  readonly promptTokens: number;
  /**
   * Tokens of the cache that each token of the prompt attends to, masked ones among them; default: half of the prompt, the mean
   * where no masked one is computed.
   */
  readonly promptSeesTokens?: number | undefined;
}

/** Tokens per second: about 80 % of measurements are expected between `low` and `high`. */
export interface Range {
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

/** What to expect, and why. */
export interface SpeedPrediction {
  readonly decode: Range;
  readonly prefill: Range;
  /** Decoding after ten minutes without a pause; on iPhones only, since what falls off there is heat. */
  readonly sustainedDecode?: Range;
  /** The formula with this query's numbers, for people. */
  readonly formula: string;
  /** Where the chip's figures come from. */
  readonly sources: readonly string[];
  /** "extrapolated" when few or no measurements of this engine on this class of chip were at hand. */
  readonly basis: "calibrated" | "extrapolated";
}
