import { escapeHtml, figure, page, table } from "@pippin/core/html";
import type { DeviceKind } from "../devices.ts";
import type { CandidatePlan, DevicePlan, Fit, ModelPlan } from "../model-plan.ts";
import { planSummary, planTables } from "../rows.ts";
import { candidateLabel, FIT_WORDS, joinNames } from "../words.ts";
import { type DeviceGroup, fleetTable, groupDevices } from "./fleet.ts";
import { markHtml } from "./marks.ts";
import { type MemoryBar, memorySvg } from "./memory-picture.ts";
import { STYLE } from "./style.ts";

const KINDS: readonly (readonly [kind: DeviceKind, title: string])[] = [
  ["iphone", "iPhone"],
  ["ipad", "iPad"],
  ["mac", "Mac"],
];

/** A plan as one HTML page that needs nothing else: no network, no script. */
export function renderPlanHtml(plan: ModelPlan): string {
  const title = `Where ${plan.model.name} fits`;
  const groups = groupDevices(
    plan.devices.map((device) => ({ names: [device.name], device })),
    ({ kind, chip, memoryBytes, limit, entitledLimit }) => [kind, chip, memoryBytes, limit, entitledLimit],
  );
  const kinds = KINDS.map(([kind, words]) => ({
    ...{ kind, words },
    own: groups.filter(({ device }) => device.kind === kind),
  })).filter(({ own }) => own.length > 0);
  const [stored] = planTables(plan, { details: false });
  return page({ title, style: STYLE }, [
    `<h1>${escapeHtml(title)}</h1>`,
    `<p class="soft">${planSummary(plan).map(escapeHtml).join("<br>")}</p>`,
    countsText(plan.devices),
    legend(),
    ...kinds.map(({ words, own }) => `<h2>${words}</h2>${fleetTable(plan, own, words)}`),
    `<h2>Memory</h2>${pictureLegend()}`,
    ...kinds.map((each) => pictures(plan, each)),
    `<h2>Ways to store it</h2>${table(stored!.columns, stored!.rows, stored!.title)}`,
    `<h2>Where the figures come from</h2>${sources(plan)}`,
  ]);
}

function countsText(devices: readonly DevicePlan[]): string {
  const carried = devices.filter(({ recommendation }) => recommendation !== null);
  const entitled = carried.filter(({ recommendation }) => recommendation!.fit === "entitlement").length;
  const needs = entitled > 0 ? `, ${entitled} of them with the entitlement` : "";
  const doubtful = carried.filter(({ recommendation }) => recommendation!.caution !== null).length;
  const but =
    doubtful > 0 ? ` For ${doubtful} of them something may stand against it, which the tables say.` : "";
  return `<p><strong>${carried.length} of ${devices.length} devices carry it${needs}.</strong>${but}</p>`;
}

function legend(): string {
  const fits: readonly Fit[] = ["fits", "entitlement", "tooLarge"];
  const signs = fits.map((fit) => `<li class="${fit}">${markHtml(fit)}${FIT_WORDS[fit]}</li>`);
  const doubt = `<li class="doubtful">${markHtml("doubtful")}fits? see the sentence under it</li>`;
  return `<ul class="legend">${signs.join("")}${doubt}</ul>`;
}

function pictureLegend(): string {
  const parts = ["weights", "cache", "activations", "overhead"].map(
    (name) =>
      `<li><svg class="key" viewBox="0 0 24 12" aria-hidden="true"><rect class="part ${name}" width="24" height="12"/></svg>${name}</li>`,
  );
  const bounds = [
    ["", "an app's limit"],
    ["entitled", "with the entitlement"],
  ].map(
    ([style, words]) =>
      `<li><svg class="key" viewBox="0 0 24 12" aria-hidden="true"><line class="bound ${style}" x1="0" x2="24" y1="6" y2="6"/></svg>${words}</li>`,
  );
  return `<ul class="legend">${[...parts, ...bounds].join("")}</ul>`;
}

/** Devices whose limits are equal share a picture. */
function pictures(
  plan: ModelPlan,
  {
    kind,
    words,
    own,
  }: { readonly kind: DeviceKind; readonly words: string; readonly own: readonly DeviceGroup[] },
): string {
  const shared = groupDevices(own, ({ limit, entitledLimit }) => [limit, entitledLimit]);
  const figures = shared.map(({ names, device }, index) => {
    const picture = { id: `${kind}-${index}`, title: joinNames(names, MOST_NAMES) };
    const { limit, entitledLimit } = device;
    const svg = memorySvg({ ...picture, limit, entitledLimit, bars: barsOf(plan, device) });
    return figure({ ...picture, description: limitSources(device) }, svg);
  });
  return `<section aria-label="Memory of ${words}"><div class="pictures">${figures.join("\n")}</div></section>`;
}

/** One bar an encoding: two engines that read packages of one size need the same memory. */
function barsOf({ candidates }: ModelPlan, device: DevicePlan): MemoryBar[] {
  const bars = new Map<string, MemoryBar>();
  for (const [index, candidate] of candidates.entries()) {
    const { neededBytes } = device.candidates[index]!;
    const key = `${candidate.encoding} ${Math.round(neededBytes / 1e6)}`;
    if (!bars.has(key)) bars.set(key, { label: labelOf(candidate, candidates), candidate, neededBytes });
  }
  return [...bars.values()];
}

function labelOf(candidate: CandidatePlan, all: readonly CandidatePlan[]): string {
  const alike = all.filter(({ encoding }) => encoding === candidate.encoding);
  return alike.length > 1 ? candidate.encoding : candidateLabel(candidate);
}

/** A picture's title names so many devices. */
const MOST_NAMES = 4;

function limitSources({ limit, entitledLimit }: DevicePlan): string {
  const words = [limit, entitledLimit].map((each) =>
    each.kind === "unknown" ? "unknown" : `${each.kind}: ${each.source.replace(/^rule: /, "")}`,
  );
  return words[0] === words[1]
    ? `Limit ${words[0]}.`
    : `Limit ${words[0]}. With the entitlement ${words[1]}.`;
}

function sources({ devices, contextTokens, promptTokens, readableTokensPerSecond }: ModelPlan): string {
  const formulas = new Set(
    devices.flatMap(({ candidates }) => candidates.flatMap(({ speed }) => (speed ? speed.sources : []))),
  );
  const notes = [
    `Packages and caches are exact: what conversion writes for a context of ${contextTokens}. Activations and overhead are estimates; nothing was measured on a device.`,
    "Where a GPU unpacks quantized weights, loading takes up to what the last column above says; nobody measured whether it does.",
    "Apple publishes no memory limits. A ~ stands before what a rule gives; the captions of the pictures say which.",
    `Speeds are predicted ranges. A package with a cache reads all of it in each call, however much is in it; one without computes the text again, half of the context on average. The first token is that after a prompt of ${promptTokens}.`,
    `Taken is what loses least of the model, fits with the entitlement, and decodes ${readableTokensPerSecond} tokens a second or more.`,
    ...[...formulas].map((source) => `${source}.`),
  ];
  return `<ul>${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join("")}</ul>`;
}
