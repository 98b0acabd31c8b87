import type { DeviceKind } from "./devices.ts";
import type { EngineId } from "./speed/query.ts";

/** What an engine asks of a package. Third parties' findings on devices; nothing of it was verified here. */
export interface EngineTraits {
  /** In words, for sentences. */
  readonly unit: string;
  /** The most tokens that a call of prefill takes, and why. */
  readonly mostPrefillTokens: number;
  readonly prefillReason?: string;
  /** The largest weight file, where there is a bound. */
  readonly fileLimitBytes?: Readonly<Record<DeviceKind, number>>;
}

/** Beyond, a longer call saves nothing and its scores take memory. */
const MOST_PREFILL = 256;

/** Sources: Anemll's `docs/convert.md` for the size of a file, coremltools issue 2553 for the tokens of an update. */
const NEURAL_ENGINE: EngineTraits = {
  unit: "the Neural Engine",
  mostPrefillTokens: 32,
  prefillReason: "updates of the cache with more than 32 tokens fail on the Neural Engine",
  fileLimitBytes: { iphone: 1e9, ipad: 1e9, mac: 2e9 },
};

const GPU: EngineTraits = { unit: "the GPU", mostPrefillTokens: MOST_PREFILL };

const TRAITS: Readonly<Record<EngineId, EngineTraits>> = {
  "coreml-gpu": GPU,
  "coreml-ane": NEURAL_ENGINE,
  mlc: GPU,
  mlx: GPU,
  "llama.cpp": GPU,
  "core-ai-gpu": GPU,
  "core-ai-ane": { unit: "the Neural Engine", mostPrefillTokens: MOST_PREFILL },
  "litert-gpu": GPU,
  "generic-gpu": GPU,
  "generic-cpu": { unit: "the CPU", mostPrefillTokens: MOST_PREFILL },
};

/** An engine that speed predictions do not know counts as one on the GPU. */
export function engineId(engine: string): EngineId {
  return Object.hasOwn(TRAITS, engine) ? (engine as EngineId) : "generic-gpu";
}

export function engineTraits(engine: string): EngineTraits {
  return TRAITS[engineId(engine)];
}
