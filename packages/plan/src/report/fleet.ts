import { escapeHtml } from "@pippin/core/html";
import type { DeviceCandidate, DevicePlan, ModelPlan } from "../model-plan.ts";
import { limitsText, speedOf } from "../rows.ts";
import {
  candidateLabel,
  FIT_WORDS,
  joinNames,
  rangeText,
  recommendedFit,
  secondsText,
  unbroken,
  unitOf,
} from "../words.ts";
import { markHtml } from "./marks.ts";

/** Devices of which the plan says the same. */
export interface DeviceGroup {
  readonly names: readonly string[];
  readonly device: DevicePlan;
}

/** Devices that are equal in what `key` gives make one group, in the order of the first of them. */
export function groupDevices(
  groups: readonly DeviceGroup[],
  key: (device: DevicePlan) => readonly unknown[],
): DeviceGroup[] {
  const merged = new Map<string, { names: string[]; device: DevicePlan }>();
  for (const { names, device } of groups) {
    const id = JSON.stringify(key(device));
    const group = merged.get(id);
    if (group) group.names.push(...names);
    else merged.set(id, { names: [...names], device });
  }
  return [...merged.values()];
}

/** A row a group: what an app gets, what to take, and each encoding with sign, word and rates. */
export function fleetTable({ candidates }: ModelPlan, groups: readonly DeviceGroup[], label: string): string {
  const encodings = [...new Set(candidates.map(({ encoding }) => encoding))];
  const head = ["device", "take", ...encodings]
    .map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`)
    .join("");
  const rows = groups.map(({ names, device }) => {
    const place = `${device.chip ?? "chip unknown"}; ${limitsText(device)}`;
    const cells = encodings.map((encoding) => encodingCell(encoding, device)).join("");
    return `<tr><th scope="row">${escapeHtml(joinNames(names))}<small>${escapeHtml(place)}</small></th>${unbroken(takeCell(device) + cells)}</tr>`;
  });
  return `<div class="scroll fleet" role="region" aria-label="${escapeHtml(label)}" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>
${rows.join("\n")}
</tbody></table></div>`;
}

function takeCell(device: DevicePlan): string {
  const { recommendation, obstacle } = device;
  if (recommendation === null)
    return `<td class="tooLarge">${markHtml("tooLarge")}<span class="word">nothing fits</span><small>${escapeHtml(obstacle ?? "")}</small></td>`;
  const { fit, contextTokens, caution } = recommendation;
  const sign = caution === null ? fit : "doubtful";
  const but = caution === null ? "" : `<small class="but">but: ${escapeHtml(caution)}</small>`;
  const speed = speedOf(device);
  const rate = speed
    ? `; ${rangeText(speed.decodeTokensPerSecond)} tokens/s, the first after ${secondsText(speed.timeToFirstTokenSeconds)}`
    : "; speed unknown";
  return `<td class="${sign}">${markHtml(sign)}<strong>${escapeHtml(candidateLabel(recommendation))}</strong> <span class="word">${recommendedFit(recommendation)}</span>${but}<small>${escapeHtml(`context ${contextTokens}${rate}`)}</small></td>`;
}

/** Two engines that read one encoding need the same memory. */
function encodingCell(encoding: string, { candidates, recommendation }: DevicePlan): string {
  const alike = candidates.filter((candidate) => candidate.encoding === encoding);
  const { fit } = alike[0]!;
  const taken = encoding === recommendation?.encoding ? recommendation : undefined;
  const isDoubtful = taken !== undefined && taken.caution !== null && fit === taken.fit;
  const sign = isDoubtful ? "doubtful" : fit;
  const word = isDoubtful ? recommendedFit(taken) : FIT_WORDS[fit];
  return `<td class="${sign}${taken ? " taken" : ""}">${markHtml(sign)}<span class="word">${word}</span><small>${escapeHtml(noteOf(alike))}</small></td>`;
}

function noteOf(alike: readonly DeviceCandidate[]): string {
  const [{ fit, remedies }] = alike as readonly [DeviceCandidate];
  const context = remedies.find((remedy) => remedy.kind === "context");
  if (fit === "tooLarge") return context ? `with a context of ${context.contextTokens} it fits` : "";
  return alike.map(engineNote).join(", ");
}

function engineNote({ engine, speed, remedies }: DeviceCandidate): string {
  const unit = unitOf(engine) ?? engine;
  const chunks = remedies.find((remedy) => remedy.kind === "chunks");
  if (chunks) return `${unit} only in ${chunks.count} files`;
  return speed ? `${unit} ${rangeText(speed.decodeTokensPerSecond)}/s` : `${unit} speed unknown`;
}
