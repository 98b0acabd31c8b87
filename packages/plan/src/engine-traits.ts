import type { DeviceKind } from "./devices.ts";
import { ENGINES, type EngineId, type Processor } from "./speed/engines.ts";

/** What an engine asks of a package. Third parties' findings on devices; nothing of it was verified here. */
export interface EngineTraits {
  /** What it computes on, in words. */
  readonly unit: string;
  /** The most tokens that a call of prefill takes. */
  readonly mostPrefillTokens: number;
  /** Why, where it is the engine's own bound. */
  readonly prefillReason?: string;
  /** What stands against it, so that an engine without doubts comes first where both run an encoding. */
  readonly doubt?: string;
  /** The largest weight file, where there is a bound. */
  readonly fileLimitBytes?: Readonly<Record<DeviceKind, number>>;
}

/** Beyond, a longer call saves nothing and its scores take memory. */
const MOST_PREFILL = 256;

const UNITS: Readonly<Record<Processor, string>> = {
  gpu: "the GPU",
  ane: "the Neural Engine",
  cpu: "the CPU",
};

/**
 * Sources: Anemll's `docs/convert.md` for the size of a file, coremltools issue 2553 for the tokens of an update; the notes of CoreML-LLM
 * both report states that ran there and updates that were refused.
 */
const CORE_ML_ON_ANE: Omit<EngineTraits, "unit"> = {
  mostPrefillTokens: 32,
  prefillReason: "updates of the cache with more than 32 tokens fail on the Neural Engine",
  doubt:
    "packages are not shaped for the Neural Engine yet, and reports on whether it updates a cache differ: try it on a device",
  fileLimitBytes: { iphone: 1e9, ipad: 1e9, mac: 2e9 },
};

/** An engine that speed predictions do not know counts as one on the GPU. */
export function engineId(engine: string): EngineId {
  return Object.hasOwn(ENGINES, engine) ? (engine as EngineId) : "other-gpu";
}

export function engineTraits(engine: string): EngineTraits {
  const id = engineId(engine);
  return {
    unit: UNITS[ENGINES[id].processor],
    ...(id === "coreml-ane" ? CORE_ML_ON_ANE : { mostPrefillTokens: MOST_PREFILL }),
  };
}
