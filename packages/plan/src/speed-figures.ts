import type { RuntimeManifest } from "@pippin/core";
import type { Candidate } from "./candidate.ts";
import type { Device } from "./devices.ts";
import { engineId } from "./engine-traits.ts";
import type { ModelFigures } from "./figures.ts";
import type { SpeedFigures } from "./model-plan.ts";
import { predictSpeed } from "./speed/predict.ts";
import type { Range, Work } from "./speed/query.ts";

/** What a candidate makes a device do for each token. */
export function workOf({ outputBytes }: Candidate, model: ModelFigures): Work {
  return {
    weightBytes: outputBytes - lookedUpBytes(outputBytes, model),
    cacheBytesPerToken: model.cacheBytesPerToken,
    parameters: model.parameters.multipliedPerToken,
    layers: model.layers,
  };
}

/** Of an embedding that is not the head, one row is read for each token. Its share of the bytes is taken to be that of its numbers. */
function lookedUpBytes(packageBytes: number, { tied, parameters }: ModelFigures): number {
  return tied ? 0 : Math.round((packageBytes * parameters.embedding) / parameters.total);
}

/** Predicted figures of a candidate on a device; `null` where nothing is known of its chip. */
export function speedFigures(
  candidate: Candidate,
  device: Device,
  { model, promptTokens }: { readonly model: ModelFigures; readonly promptTokens: number },
): SpeedFigures | null {
  if (device.chip === undefined) return null;
  const slots = slotsOf(candidate.manifest);
  const contextTokens = slots ?? Math.ceil(candidate.manifest.contextLength / 2);
  const query = { work: workOf(candidate, model), engine: engineId(candidate.engine), chip: device.chip };
  const predicted = predictSpeed({ ...query, contextTokens, promptTokens, promptSeesTokens: slots });
  if (predicted === undefined) return null;
  const { decode, prefill, sustainedDecode, formula, sources, basis } = predicted;
  if (!keepsCache(candidate.manifest)) {
    const whole = predictSpeed({ ...query, contextTokens, promptTokens: contextTokens })!.prefill;
    return {
      decodeTokensPerSecond: scaled(whole, 1 / contextTokens),
      prefillTokensPerSecond: prefill,
      timeToFirstTokenSeconds: reciprocal(scaled(prefill, 1 / promptTokens)),
      formula: `without a cache each token computes the whole text, ${contextTokens} tokens on average, like a prompt`,
      ...{ sources, basis },
    };
  }
  return {
    decodeTokensPerSecond: decode,
    ...(sustainedDecode === undefined ? {} : { sustainedDecodeTokensPerSecond: sustainedDecode }),
    prefillTokensPerSecond: prefill,
    timeToFirstTokenSeconds: firstToken(prefill, decode, promptTokens),
    ...{ formula, sources, basis },
  };
}

/**
 * Tokens that the states have room for. Their shape is fixed, and each call reads all of it, filled or not, and masks what is not a token
 * yet: decoding costs the same at every length, and a token of the prompt sees the whole cache.
 */
function slotsOf({ states }: RuntimeManifest): number | undefined {
  const cache = states.find(({ role }) => role === "keyCache");
  return cache?.shape[cache.layout.indexOf("position")];
}

/** As states, or as features that each call hands on. */
function keepsCache({ states, functions }: RuntimeManifest): boolean {
  return (
    states.length > 0 || functions.some(({ outputs }) => outputs.some(({ role }) => role === "keyCache"))
  );
}

function scaled({ low, mid, high }: Range, factor: number): Range {
  return { low: low * factor, mid: mid * factor, high: high * factor };
}

/** Seconds of a rate: the fastest first. */
function reciprocal({ low, mid, high }: Range): Range {
  return { low: 1 / high, mid: 1 / mid, high: 1 / low };
}

/** The prompt, and the step that gives the token. */
function firstToken(prefill: Range, decode: Range, promptTokens: number): Range {
  const seconds = (end: keyof Range) => promptTokens / prefill[end] + 1 / decode[end];
  return { low: seconds("high"), mid: seconds("mid"), high: seconds("low") };
}
