/** A limit in bytes and where it comes from. */
export type MemoryLimit =
  | {
      /** Third parties measured it, or an engineer of Apple named it. */
      readonly kind: "measured";
      readonly bytes: number;
      readonly source: string;
    }
  /** By a rule from the memory of the device; `source` states the rule. */
  | { readonly kind: "derived"; readonly bytes: number; readonly source: string }
  | { readonly kind: "unknown" };

export const GIB: number = 2 ** 30;

/** Apple publishes no limits; the rules below were chosen so that they reproduce those that were measured. */
const DEFAULT_RULE = "rule: half of the memory, at most 3 GiB";
const ENTITLED_RULE = "rule: the memory less 2 GiB, at most three quarters of it, at most 6 GiB on iPhones";
/** Apple names it `recommendedMaxWorkingSetSize`; more can be allocated, but not used by the GPU at once. */
const WORKING_SET_RULE = "rule: what Metal recommends, 2/3 of the memory up to 32 GB and 3/4 above";

/**
 * What an app gets without an entitlement: half of the memory, at most 3 GiB.
 *
 * Of what was measured it gives: iPhone 13 Pro (6 GB) and 15 Pro (8 GB) and an iPad of 8 GB with iPadOS 26.4 exactly, iPhone 12 mini
 * (4 GB, 2.1 GB) 2 % more, iPhone 15 Pro Max (8 GB, 3.3 GB) 2 % less. iPads before iPadOS 26.4 gave more: 5 to 6 GB.
 */
export function derivedLimit(memoryBytes: number): MemoryLimit {
  return { kind: "derived", bytes: Math.min(memoryBytes / 2, 3 * GIB), source: DEFAULT_RULE };
}

/**
 * … with `com.apple.developer.kernel.increased-memory-limit`.
 *
 * Of what was measured it gives: iPhone 15 Pro, 16 Pro Max (8 GB), 17 Pro Max (12 GB) and iPads of 8 and 16 GB with iPadOS 15 (6 and
 * 12 GB) exactly, iPhone 13 Pro (6 GB, 4.2 GB) 2 % more, iPhone 15 Pro Max (8 GB, 6 GB) 7 % more, iPhone 12 mini (4 GB, 2.4 GB) 11 %
 * less, an iPad of 16 GB with iPadOS 18 (13 GiB) 8 % less.
 */
export function derivedEntitledLimit(memoryBytes: number, kind: "iphone" | "ipad"): MemoryLimit {
  const most = kind === "iphone" ? 6 * GIB : Number.POSITIVE_INFINITY;
  const rest = Math.min(memoryBytes - 2 * GIB, (memoryBytes * 3) / 4, most);
  return {
    kind: "derived",
    bytes: Math.max(rest, Math.min(memoryBytes / 2, 3 * GIB)),
    source: ENTITLED_RULE,
  };
}

/**
 * What Metal recommends to keep in use on a Mac.
 *
 * Logs of llama.cpp show it: 10,922.67 MiB of 16 GB (llama-cpp-python issue 687), 21,845.34 of 32 (ollama issue 434), 49,152 of 64
 * (llama.cpp issue 1870).
 */
export function workingSetLimit(memoryBytes: number): MemoryLimit {
  const share = memoryBytes <= 32 * GIB ? 2 / 3 : 3 / 4;
  return { kind: "derived", bytes: Math.floor(memoryBytes * share), source: WORKING_SET_RULE };
}

/** A limit that somebody measured. */
export function measured(bytes: number, source: string): MemoryLimit {
  return { kind: "measured", bytes, source };
}
