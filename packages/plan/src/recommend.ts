import { estimateMemory, type ModelGeometry } from "@pippin/core";
import { type Candidate, neededBytes } from "./candidate.ts";
import type { Device } from "./devices.ts";
import { bytesOf, chunksOf, fitOf, mostBytes } from "./fit.ts";
import type { ConvertOptions, PippinJson, Recommendation } from "./model-plan.ts";
import { decodeRate, isReadable, leastLossyFirst, type Planned } from "./order.ts";
import { choosePrefill, type PrefillChoice } from "./prefill.ts";
import { cautionOf, whyOf } from "./reasons.ts";
import { prefillTokensOf, reshape } from "./reshape.ts";
import { candidateLabel, sizeText } from "./words.ts";

/** A shorter context holds neither a system prompt nor a conversation. */
const LEAST_CONTEXT_TOKENS = 512;

/** Predictions are not finer than this. */
const ABOUT = 0.9;

export interface RecommendInput {
  readonly device: Device;
  readonly planned: readonly Planned[];
  readonly geometry: ModelGeometry;
  readonly backend: string;
  readonly optionNames: readonly string[] | undefined;
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

function isWhole({ manifest }: Candidate, contextTokens: number): boolean {
  return contextTokens === manifest.contextLength;
}

/** Of those that are about as fast as the fastest, the one that loses least; `choices` are in that order. */
function fastest(choices: readonly Choice[]): Choice | undefined {
  const best = Math.max(...choices.map(decodeRate));
  return choices.find((choice) => decodeRate(choice) >= ABOUT * best);
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
  const lengths = { contextTokens, ...(prefill && { prefillTokens: prefill.tokens }) };
  const { outputBytes, manifest } = candidate.replan?.(lengths) ?? {
    outputBytes: candidate.outputBytes,
    manifest: reshape(candidate.manifest, lengths),
  };
  const { cacheBytes, peakBytes } = estimateMemory(manifest, outputBytes, input.geometry);
  const choices = { ...options, context: contextTokens, ...(prefill && { prefill: prefill.tokens }) };
  const fit = fitOf(neededBytes({ ...candidate, outputBytes, manifest }, input.geometry), input.device);
  return {
    ...{ encoding, engine, fit, contextTokens, cacheBytes, peakBytes },
    packageBytes: outputBytes,
    prefillTokens: prefill?.tokens ?? null,
    why: whyOf(chosen, { fit, contextTokens }, input),
    caution: cautionOf(chosen, input.device),
    prefillReason: prefill?.reason ?? null,
    config: configOf(choices, input),
  };
}

/** An option that the backend lacks would make the file invalid. */
function configOf(choices: ConvertOptions, { model, backend, optionNames }: RecommendInput): PippinJson {
  const known = Object.entries(choices).filter(([name]) => optionNames?.includes(name) ?? true);
  return { model, backend, convert: Object.fromEntries(known) };
}

/** Halved until its scores fit too, and do not ask for the entitlement where the package does not. */
function prefillOf(
  { candidate, contextTokens, onDevice }: Choice,
  { device, geometry }: RecommendInput,
): PrefillChoice | null {
  if (prefillTokensOf(candidate.manifest) === null) return null;
  const choice = choosePrefill(candidate.engine, onDevice.speed, contextTokens);
  const most = (onDevice.fit === "fits" ? bytesOf(device.limit) : mostBytes(device)) ?? 0;
  const needs = (prefillTokens: number) => neededBytes(candidate, geometry, { contextTokens, prefillTokens });
  let { tokens } = choice;
  while (tokens > 2 && needs(tokens) > most) tokens = Math.ceil(tokens / 2);
  return tokens === choice.tokens
    ? choice
    : { tokens, reason: "longer calls need more memory than an app gets" };
}

/** Why nothing can be recommended. */
function obstacleOf({ device, planned, geometry }: RecommendInput): string {
  const most = mostBytes(device);
  if (most === undefined) return "nothing is known of the memory that an app gets there";
  const needs = planned.map(({ candidate }) => {
    const contextTokens = Math.min(LEAST_CONTEXT_TOKENS, candidate.manifest.contextLength);
    return { candidate, contextTokens, bytes: neededBytes(candidate, geometry, { contextTokens }) };
  });
  const { candidate, contextTokens, bytes } = needs.reduce((a, b) => (b.bytes < a.bytes ? b : a));
  const label = candidateLabel(candidate);
  if (bytes <= most)
    return `${label} would have to be cut into ${chunksOf(candidate, device.kind)} files, which conversion does not do yet`;
  return `the smallest, ${label}, needs ${sizeText(bytes)} with a context of ${contextTokens}; an app gets ${sizeText(most)}`;
}
