import type { Candidate } from "./candidate.ts";
import { engineTraits } from "./engine-traits.ts";
import type { CandidatePlan, DeviceCandidate } from "./model-plan.ts";

/** About as fast as people read, with room for the ends of a range. */
export const READABLE_TOKENS_PER_SECOND = 10;

/** Above this size iOS asks before it loads an app without Wi-Fi. */
const LARGE_BYTES = 200_000_000;

/** What 8 bits a weight lose is next to nothing (KL 0.007 for a model of 135 million parameters, docs/quantization.md). */
const NEARLY_LOSSLESS_BITS = 8;

/** A candidate with what was planned of it. */
export interface Planned {
  readonly candidate: Candidate;
  readonly plan: CandidatePlan;
  readonly onDevice: DeviceCandidate;
}

/** What says how a candidate compares with others. */
export type Judged = Pick<Planned, "plan" | "onDevice">;

/**
 * By bits a weight, the most first; but a large package in fp16 comes behind 8 bits, which are half of it for next to no loss. What keeps
 * the checkpoint's own grid has lost nothing, so there the smallest comes first. Of engines that run one encoding, those without doubts
 * come first, then the faster.
 */
export function leastLossyFirst<T extends Judged>(planned: readonly T[]): T[] {
  return [...planned].sort((a, b) => {
    if (a.plan.keepsGrid !== b.plan.keepsGrid) return a.plan.keepsGrid ? -1 : 1;
    if (a.plan.keepsGrid && !isAlike(a, b)) return quarterBits(a.plan) - quarterBits(b.plan);
    const worth = worthOf(b.plan) - worthOf(a.plan);
    if (worth !== 0) return worth;
    const doubts = Number(isDoubtful(a)) - Number(isDoubtful(b));
    return doubts || decodeRate(b) - decodeRate(a);
  });
}

/** Whether two are stored about alike: one encoding for two engines differs by some bytes. */
export function isAlike(a: Judged, b: Judged): boolean {
  return quarterBits(a.plan) === quarterBits(b.plan);
}

/** Quarter bits a weight that are worth their room: those of a large package above 8 are worth less than the 8. */
function worthOf(plan: CandidatePlan): number {
  const bits = quarterBits(plan);
  const enough = 4 * NEARLY_LOSSLESS_BITS;
  return bits > enough && plan.packageBytes > LARGE_BYTES && !isNear(bits, enough) ? enough - 1 : bits;
}

/** Scales and what is left in fp16 add to the bits of a weight. */
function isNear(bits: number, enough: number): boolean {
  return bits < 1.5 * enough;
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
