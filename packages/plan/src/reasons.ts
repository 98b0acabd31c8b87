import type { Device } from "./devices.ts";
import { engineTraits } from "./engine-traits.ts";
import { chunksOf, mostBytes } from "./fit.ts";
import type { DeviceCandidate, Fit } from "./model-plan.ts";
import {
  decodeRate,
  isAlike,
  isDoubtful,
  isReadable,
  leastLossyFirst,
  type Planned,
  READABLE_TOKENS_PER_SECOND,
} from "./order.ts";
import { candidateLabel, rateText, sizeText } from "./words.ts";

/** By what an alternative must be faster to be told of. */
const NOTICEABLY = 1.4;

/** What a choice was made among. */
export interface Field {
  readonly device: Device;
  readonly planned: readonly Planned[];
}

/** Why it was chosen, in a sentence: what it does, what is faster, and what spoke against the next better one. */
export function whyOf(
  chosen: Planned,
  made: { readonly fit: Fit; readonly contextTokens: number },
  { device, planned }: Field,
): string {
  const { plan, candidate, onDevice } = chosen;
  const rate = onDevice.speed ? `, about ${rateText(decodeRate(chosen))} tokens/s` : "";
  const order = leastLossyFirst(planned);
  const place = order.findIndex((each) => each.plan === plan);
  const better = order.slice(0, place).findLast((each) => !isAlike(each, chosen));
  const faster = order.slice(place + 1).find((each) => isWorthTelling(each, chosen, device));
  const heavier = order.slice(place + 1).find((each) => isMuchHeavier(each, chosen));
  return [
    `${candidateLabel(candidate)} ${fitSentence(onDevice, made)}${rate}`,
    ...(plan.keepsGrid ? ["it keeps the checkpoint's own numbers"] : []),
    ...(isReadable(chosen)
      ? []
      : [`nothing that fits reaches ${READABLE_TOKENS_PER_SECOND} tokens/s, this is the fastest`]),
    ...(faster
      ? [
          `faster: ${candidateLabel(faster.candidate)}, about ${rateText(decodeRate(faster))} tokens/s in ${sizeText(faster.onDevice.neededBytes)}`,
        ]
      : []),
    ...(heavier
      ? [
          `${candidateLabel(heavier.candidate)} would take ${sizeText(heavier.onDevice.neededBytes)} for next to no gain`,
        ]
      : []),
    ...(better ? [`${candidateLabel(better.candidate)} ${whyNot(better, device)}`] : []),
  ].join("; ");
}

/** As it is made, and what it took to make it fit. */
function fitSentence(
  planned: DeviceCandidate,
  { fit, contextTokens }: { readonly fit: Fit; readonly contextTokens: number },
): string {
  const needs = [
    ...(planned.fit === "tooLarge" ? [`a context of ${contextTokens}`] : []),
    ...(fit === "entitlement" ? ["the entitlement"] : []),
  ];
  return needs.length === 0 ? "fits" : `fits with ${needs.join(" and ")}`;
}

/** What was put behind although it has more bits: fp16 behind 8 bits. */
function isMuchHeavier(each: Planned, { plan }: Planned): boolean {
  return !plan.keepsGrid && each.plan.bitsPerWeight > 1.5 * plan.bitsPerWeight;
}

/** For who would trade some of the model for speed. */
function isWorthTelling(each: Planned, chosen: Planned, { kind }: Device): boolean {
  return (
    decodeRate(each) > NOTICEABLY * decodeRate(chosen) &&
    !isDoubtful(each) &&
    each.onDevice.fit !== "tooLarge" &&
    chunksOf(each.candidate, kind) === 1
  );
}

function whyNot(better: Planned, { kind }: Device): string {
  const { candidate, onDevice } = better;
  if (onDevice.fit === "tooLarge") return `needs ${sizeText(onDevice.neededBytes)}`;
  const chunks = chunksOf(candidate, kind);
  if (chunks > 1) return `would have to be cut into ${chunks} files`;
  return `decodes about ${rateText(decodeRate(better))} tokens/s`;
}

/** What may stand against it. Nobody measured whether weights are unpacked, so it decides nothing. */
export function cautionOf({ plan }: Planned, device: Device): string | null {
  const { doubt, unit } = engineTraits(plan.engine);
  if (doubt !== undefined) return doubt;
  const most = mostBytes(device);
  if (plan.unpacking !== "possible" || most === undefined || plan.loadPeakBytes <= most) return null;
  return `if ${unit} unpacks the weights, loading takes up to ${sizeText(plan.loadPeakBytes)}, more than an app gets: try it on a device`;
}
