import type { MemoryLimit } from "./devices/limits.ts";
import type { DeviceKind } from "./devices.ts";
import type { ModelFigures } from "./figures.ts";
import type { Range, SpeedPrediction } from "./speed/query.ts";

/**
 * Whether a package fits an app's memory on a device: without an entitlement, with
 * `com.apple.developer.kernel.increased-memory-limit`, not at all, or nothing is known of the limits.
 */
export type Fit = "fits" | "entitlement" | "tooLarge" | "unknown";

/** Options of a backend, by their names. */
export type ConvertOptions = Readonly<Record<string, string | number | boolean>>;

/** One way to store the model, as it was planned for the whole context; the same on all devices. */
export interface CandidatePlan {
  readonly encoding: string;
  /** What executes it: `coreml-gpu`. */
  readonly engine: string;
  readonly options: ConvertOptions;
  /** Exact: what conversion writes. */
  readonly packageBytes: number;
  readonly bitsPerWeight: number;
  /** Whether nothing is rounded that the checkpoint had not rounded already. */
  readonly keepsGrid: boolean;
  /** Exact: of the whole context. */
  readonly cacheBytes: number;
  readonly activationBytes: number;
  readonly overheadBytes: number;
  /** The sum of the four. */
  readonly peakBytes: number;
  /** While it loads: an estimate that nobody measured. With a copy of all weights in fp16 unless `unpacking` is `none`. */
  readonly loadPeakBytes: number;
  readonly unpacking: "none" | "possible" | "expected";
}

/** What would make a package fit that does not. */
export type Remedy =
  /** Another way to store it. */
  | { readonly kind: "encoding"; readonly encoding: string; readonly engine: string; readonly fit: Fit }
  /** The largest context that fits with the entitlement. */
  | { readonly kind: "context"; readonly contextTokens: number }
  /** Its weight file is larger than the engine reads; conversion writes one file only. */
  | { readonly kind: "chunks"; readonly count: number; readonly limitBytes: number };

export interface SpeedFigures {
  /** Reading the whole cache, as packages with states do in each call; for others with half of the context in the cache. */
  readonly decodeTokensPerSecond: Range;
  /** After ten minutes without a pause, on iPhones. */
  readonly sustainedDecodeTokensPerSecond?: Range;
  readonly prefillTokensPerSecond: Range;
  /** For the whole prompt; `low` is the shortest time. */
  readonly timeToFirstTokenSeconds: Range;
  readonly formula: string;
  readonly sources: readonly string[];
  readonly basis: SpeedPrediction["basis"];
}

/** One candidate on one device. */
export interface DeviceCandidate {
  readonly encoding: string;
  readonly engine: string;
  readonly fit: Fit;
  /** What the fit is judged by: the peak, or the load's where decompression is expected. */
  readonly neededBytes: number;
  /** The largest multiple of 32 that fits with the entitlement, up to what the model was trained for; 0 where not even 32 fit. */
  readonly maxContextTokens: number | null;
  readonly remedies: readonly Remedy[];
  /** `null` where nothing is known of the chip. */
  readonly speed: SpeedFigures | null;
}

export interface PippinJson {
  /** `ORG/NAME@commit`, a name without a commit, or a path. */
  readonly model: string;
  readonly backend: string;
  readonly convert: ConvertOptions;
}

export interface Recommendation {
  readonly encoding: string;
  readonly engine: string;
  readonly fit: Fit;
  readonly contextTokens: number;
  /** What conversion with `config` writes: exact where the candidate could be planned again for these lengths. */
  readonly packageBytes: number;
  /** Exact. */
  readonly cacheBytes: number;
  readonly peakBytes: number;
  /** Tokens that one call of prefill reads; `null` for packages without one. */
  readonly prefillTokens: number | null;
  /** Why this encoding and engine, in a sentence. */
  readonly why: string;
  /** What may stand against it on a device. */
  readonly caution: string | null;
  /** Why this many tokens in a call. */
  readonly prefillReason: string | null;
  /** A whole `pippin.json`. */
  readonly config: PippinJson;
}

export interface DevicePlan {
  readonly id: string;
  readonly name: string;
  readonly kind: DeviceKind;
  readonly chip: string | null;
  readonly memoryBytes: number;
  readonly limit: MemoryLimit;
  readonly entitledLimit: MemoryLimit;
  /** In the order of the plan's candidates. */
  readonly candidates: readonly DeviceCandidate[];
  /** `null` when nothing fits; `obstacle` says by how much. */
  readonly recommendation: Recommendation | null;
  readonly obstacle: string | null;
}

/** Which devices a model fits, and how fast it will be there. Plain data, the same for the same input. */
export interface ModelPlan {
  readonly version: 1;
  readonly model: {
    readonly name: string;
    readonly revision: string | null;
    readonly family: string;
  } & ModelFigures;
  readonly backend: string;
  readonly contextTokens: number;
  readonly promptTokens: number;
  /** Operations of the first token after the prompt, and of the prompt. */
  readonly decodeFlops: number;
  readonly promptFlops: number;
  /** A decode rate below counts as too slow to read along. */
  readonly readableTokensPerSecond: number;
  readonly candidates: readonly CandidatePlan[];
  readonly devices: readonly DevicePlan[];
}
