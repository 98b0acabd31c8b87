import type { ModelGeometry } from "@pippin/core";
import { type Candidate, neededBytes } from "./candidate.ts";
import type { MemoryLimit } from "./devices/limits.ts";
import type { Device, DeviceKind } from "./devices.ts";
import { engineTraits } from "./engine-traits.ts";
import type { Fit, Remedy } from "./model-plan.ts";
import { CONTEXT_STEP } from "./reshape.ts";

type Limits = Pick<Device, "limit" | "entitledLimit">;

/** Where only one limit is known, the other one decides nothing. */
export function fitOf(bytes: number, { limit, entitledLimit }: Limits): Fit {
  const [plain, entitled] = [bytesOf(limit), bytesOf(entitledLimit)];
  if (plain !== undefined && bytes <= plain) return "fits";
  if (entitled === undefined) return "unknown";
  return bytes <= entitled ? "entitlement" : "tooLarge";
}

export function bytesOf(limit: MemoryLimit): number | undefined {
  return limit.kind === "unknown" ? undefined : limit.bytes;
}

/** The most that an app gets, with the entitlement. */
export function mostBytes({ limit, entitledLimit }: Limits): number | undefined {
  return bytesOf(entitledLimit) ?? bytesOf(limit);
}

/**
 * The largest context, a multiple of 32, with which a package fits; `null` where no limit is known. The package counts as it was
 * planned: its tables of positions, some hundred bytes a token, are not taken away.
 */
export function maxContextTokens(
  candidate: Candidate,
  geometry: ModelGeometry,
  { limits, maxPositions }: { readonly limits: Limits; readonly maxPositions: number },
): number | null {
  const most = mostBytes(limits);
  if (most === undefined) return null;
  // Steps between `low`, which fits, and `high`, which does not.
  let low = 0;
  let high = Math.floor(maxPositions / CONTEXT_STEP) + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const needed = neededBytes(candidate, geometry, { contextTokens: middle * CONTEXT_STEP });
    if (needed <= most) low = middle;
    else high = middle;
  }
  return low * CONTEXT_STEP;
}

/** How many files an engine wants the weights in; 1 where one is enough. */
export function chunksOf({ engine, outputBytes }: Candidate, kind: DeviceKind): number {
  const limit = engineTraits(engine).fileLimitBytes?.[kind];
  return limit === undefined ? 1 : Math.ceil(outputBytes / limit);
}

/** What to do about a package that does not fit; nothing for one that does. */
export function remediesOf(
  candidate: Candidate,
  {
    fit,
    kind,
    maxContext,
    others,
  }: {
    readonly fit: Fit;
    readonly kind: DeviceKind;
    readonly maxContext: number | null;
    /** The other candidates with their fit, the least lossy first. */
    readonly others: readonly { readonly candidate: Candidate; readonly fit: Fit }[];
  },
): Remedy[] {
  const remedies: Remedy[] = [];
  const count = chunksOf(candidate, kind);
  const limitBytes = engineTraits(candidate.engine).fileLimitBytes?.[kind];
  if (count > 1 && limitBytes !== undefined) remedies.push({ kind: "chunks", count, limitBytes });
  if (fit !== "tooLarge") return remedies;
  if (maxContext !== null && maxContext > 0) remedies.push({ kind: "context", contextTokens: maxContext });
  const smaller = others.find(
    (other) => (other.fit === "fits" || other.fit === "entitlement") && chunksOf(other.candidate, kind) === 1,
  );
  if (smaller !== undefined) {
    const { encoding, engine } = smaller.candidate;
    remedies.push({ kind: "encoding", encoding, engine, fit: smaller.fit });
  }
  return remedies;
}
