import type { ModelGeometry } from "@pippin/core";
import { type Candidate, neededBytes } from "./candidate.ts";
import type { Device } from "./devices.ts";
import { engineTraits } from "./engine-traits.ts";
import { chunksOf, fitOf, mostBytes } from "./fit.ts";
import type { CandidatePlan, DeviceCandidate, PippinJson, Recommendation } from "./model-plan.ts";
import { choosePrefill, type PrefillChoice } from "./prefill.ts";
import { prefillTokensOf } from "./reshape.ts";
import { candidateLabel, rateText, sizeText } from "./words.ts";

/** About as fast as people read, with room for the ends of a range. */
export const READABLE_TOKENS_PER_SECOND = 10;
/** A shorter context holds neither a system prompt nor a conversation. */
const LEAST_CONTEXT_TOKENS = 512;

/** A candidate with what was planned of it. */
export interface Planned {
  readonly candidate: Candidate;
  readonly plan: CandidatePlan;
  readonly onDevice: DeviceCandidate;
}

export interface RecommendInput {
  readonly device: Device;
  readonly planned: readonly Planned[];
  readonly geometry: ModelGeometry;
  readonly backend: string;
  /** What `pippin.json` calls the model. */
  readonly model: string;
}

interface Choice extends Planned {
  readonly contextTokens: number;
}

/**
 * The least lossy candidate that fits, with the entitlement where it must, and that is fast enough to read along; then one with a
 * shorter context; then the fastest that fits.
 */
export function recommend(input: RecommendInput): {
  readonly recommendation: Recommendation | null;
  readonly obstacle: string | null;
} {
  const choices = leastLossyFirst(input.planned).flatMap((each) => choiceOf(each, input.device));
  const whole = choices.filter(({ candidate, contextTokens }) => isWhole(candidate, contextTokens));
  const chosen = whole.find(isReadable) ?? choices.find(isReadable) ?? fastest(whole) ?? fastest(choices);
  return chosen === undefined
    ? { recommendation: null, obstacle: obstacleOf(input) }
    : { recommendation: recommendationOf(chosen, input), obstacle: null };
}

/** By bits a weight, the most first; what keeps the checkpoint's own grid has lost nothing, so there the smallest comes first. */
export function leastLossyFirst<T extends Pick<Planned, "plan" | "onDevice">>(planned: readonly T[]): T[] {
  return [...planned].sort((a, b) => {
    if (a.plan.keepsGrid !== b.plan.keepsGrid) return a.plan.keepsGrid ? -1 : 1;
    const bits = quarterBits(b.plan) - quarterBits(a.plan);
    if (bits !== 0) return a.plan.keepsGrid ? -bits : bits;
    return decodeRate(b.onDevice) - decodeRate(a.onDevice);
  });
}

/** The same encoding for two engines differs by some bytes. */
function quarterBits({ bitsPerWeight }: CandidatePlan): number {
  return Math.round(4 * bitsPerWeight);
}

function decodeRate({ speed }: DeviceCandidate): number {
  return speed?.decodeTokensPerSecond.mid ?? 0;
}

function isReadable({ onDevice }: Planned): boolean {
  return onDevice.speed === null || decodeRate(onDevice) >= READABLE_TOKENS_PER_SECOND;
}

function isWhole({ manifest }: Candidate, contextTokens: number): boolean {
  return contextTokens === manifest.contextLength;
}

function fastest(choices: readonly Choice[]): Choice | undefined {
  return [...choices].sort((a, b) => decodeRate(b.onDevice) - decodeRate(a.onDevice))[0];
}

/** Nothing for a package that no context makes fit, or that would have to be cut. */
function choiceOf(planned: Planned, device: Device): Choice[] {
  const { candidate, onDevice } = planned;
  const { contextLength } = candidate.manifest;
  if (chunksOf(candidate, device.kind) > 1 || onDevice.fit === "unknown") return [];
  if (onDevice.fit !== "tooLarge") return [{ ...planned, contextTokens: contextLength }];
  const contextTokens = onDevice.maxContextTokens ?? 0;
  return contextTokens < LEAST_CONTEXT_TOKENS ? [] : [{ ...planned, contextTokens }];
}

function recommendationOf(chosen: Choice, input: RecommendInput): Recommendation {
  const { candidate, contextTokens } = chosen;
  const { encoding, engine, options } = candidate;
  const prefill = prefillOf(chosen, input);
  const bytes = neededBytes(candidate, input.geometry, {
    contextTokens,
    ...(prefill && { prefillTokens: prefill.tokens }),
  });
  const config: PippinJson = {
    model: input.model,
    backend: input.backend,
    convert: { ...options, context: contextTokens, ...(prefill && { prefill: prefill.tokens }) },
  };
  return {
    ...{ encoding, engine, contextTokens },
    fit: fitOf(bytes, input.device),
    prefillTokens: prefill?.tokens ?? null,
    why: whyOf(chosen, input),
    caution: cautionOf(chosen, input.device),
    prefillReason: prefill?.reason ?? null,
    config,
  };
}

/** Halved until its scores fit too. */
function prefillOf(
  { candidate, contextTokens, onDevice }: Choice,
  input: RecommendInput,
): PrefillChoice | null {
  if (prefillTokensOf(candidate.manifest) === null) return null;
  const choice = choosePrefill(candidate.engine, onDevice.speed, contextTokens);
  const most = mostBytes(input.device) ?? 0;
  const needs = (prefillTokens: number) =>
    neededBytes(candidate, input.geometry, { contextTokens, prefillTokens });
  let { tokens } = choice;
  while (tokens > 2 && needs(tokens) > most) tokens = Math.ceil(tokens / 2);
  return tokens === choice.tokens
    ? choice
    : { tokens, reason: "longer calls need more memory than there is" };
}

function whyOf(
  { plan, candidate, onDevice, contextTokens }: Choice,
  { planned, device }: RecommendInput,
): string {
  const rate = onDevice.speed && `about ${rateText(decodeRate(onDevice))} tokens/s`;
  const parts = [
    `${candidateLabel(candidate)} ${fitSentence(onDevice, contextTokens)}${rate ? `, ${rate}` : ""}`,
  ];
  if (plan.keepsGrid) parts.push("it keeps the checkpoint's own numbers");
  if (!isReadable({ plan, candidate, onDevice }))
    parts.push(`nothing that fits reaches ${READABLE_TOKENS_PER_SECOND} tokens/s, this is the fastest`);
  const better = nextBetter({ plan, onDevice }, planned);
  if (better !== undefined) parts.push(`${candidateLabel(better.candidate)} ${whyNot(better, device)}`);
  return parts.join("; ");
}

/** Nobody measured whether the weights are unpacked, so it decides nothing. */
function cautionOf({ plan }: Planned, device: Device): string | null {
  const most = mostBytes(device);
  if (plan.unpacking !== "possible" || most === undefined || plan.loadPeakBytes <= most) return null;
  return `if ${engineTraits(plan.engine).unit} unpacks the weights, loading takes up to ${sizeText(plan.loadPeakBytes)}, more than an app gets: try it on a device`;
}

function fitSentence({ fit }: DeviceCandidate, contextTokens: number): string {
  if (fit === "tooLarge") return `fits with a context of ${contextTokens}`;
  return fit === "entitlement" ? "fits with the entitlement" : "fits";
}

/** The last candidate before the chosen one that loses less. */
function nextBetter(
  chosen: Pick<Planned, "plan" | "onDevice">,
  planned: readonly Planned[],
): Planned | undefined {
  const order = leastLossyFirst(planned);
  const index = order.findIndex(({ plan }) => plan === chosen.plan);
  return order.slice(0, index).findLast(({ plan }) => quarterBits(plan) !== quarterBits(chosen.plan));
}

function whyNot({ candidate, onDevice }: Planned, device: Device): string {
  if (onDevice.fit === "tooLarge") return `needs ${sizeText(onDevice.neededBytes)}`;
  const chunks = chunksOf(candidate, device.kind);
  if (chunks > 1) return `would have to be cut into ${chunks} files`;
  return `decodes about ${rateText(decodeRate(onDevice))} tokens/s`;
}

function obstacleOf({ device, planned, geometry }: RecommendInput): string {
  const most = mostBytes(device);
  if (most === undefined) return "nothing is known of the memory that an app gets there";
  const needs = planned.map(({ candidate }) => {
    const contextTokens = Math.min(LEAST_CONTEXT_TOKENS, candidate.manifest.contextLength);
    return { candidate, contextTokens, bytes: neededBytes(candidate, geometry, { contextTokens }) };
  });
  const { candidate, contextTokens, bytes } = needs.reduce((a, b) => (b.bytes < a.bytes ? b : a));
  if (bytes <= most)
    return `${candidateLabel(candidate)} would have to be cut into ${chunksOf(candidate, device.kind)} files, which conversion does not do yet`;
  return `the smallest, ${candidateLabel(candidate)}, needs ${sizeText(bytes)} with a context of ${contextTokens}; an app gets ${sizeText(most)}`;
}
