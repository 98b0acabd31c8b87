import type { Candidate } from "./candidate.ts";
import { engineTraits } from "./engine-traits.ts";
import type { CandidatePlan, DeviceCandidate } from "./model-plan.ts";

/** About as fast as people read, with room for the ends of a range. */
export const READABLE_TOKENS_PER_SECOND = 10;

/** A candidate with what was planned of it. */
export interface Planned {
  readonly candidate: Candidate;
  readonly plan: CandidatePlan;
  readonly onDevice: DeviceCandidate;
}

/** What says how a candidate compares with others. */
export type Judged = Pick<Planned, "plan" | "onDevice">;

/**
 * By bits a weight, the most first; what keeps the checkpoint's own grid has lost nothing, so there the smallest comes first. Of engines
 * that run one encoding, those without doubts come first, then the faster.
 */
export function leastLossyFirst<T extends Judged>(planned: readonly T[]): T[] {
  return [...planned].sort((a, b) => {
    if (a.plan.keepsGrid !== b.plan.keepsGrid) return a.plan.keepsGrid ? -1 : 1;
    const bits = quarterBits(b.plan) - quarterBits(a.plan);
    if (bits !== 0) return a.plan.keepsGrid ? -bits : bits;
    const doubts = Number(isDoubtful(a)) - Number(isDoubtful(b));
    return doubts || decodeRate(b) - decodeRate(a);
  });
}

/** Whether two are stored about alike: one encoding for two engines differs by some bytes. */
export function isAlike(a: Judged, b: Judged): boolean {
  return quarterBits(a.plan) === quarterBits(b.plan);
}

function quarterBits({ bitsPerWeight }: CandidatePlan): number {
  return Math.round(4 * bitsPerWeight);
}

export function isDoubtful({ plan }: Judged): boolean {
  return engineTraits(plan.engine).doubt !== undefined;
}

/** Tokens a second; 0 where nothing is known of the chip. */
export function decodeRate({ onDevice }: Judged): number {
  return onDevice.speed?.decodeTokensPerSecond.mid ?? 0;
}

export function isReadable(judged: Judged): boolean {
  return judged.onDevice.speed === null || decodeRate(judged) >= READABLE_TOKENS_PER_SECOND;
}
