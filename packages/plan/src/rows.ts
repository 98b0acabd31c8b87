import type { MemoryLimit } from "./devices/limits.ts";
import type { CandidatePlan, DeviceCandidate, DevicePlan, ModelPlan, Remedy } from "./model-plan.ts";
import {
  candidateLabel,
  FIT_WORDS,
  joinNames,
  rangeText,
  recommendedFit,
  secondsText,
  sizeText,
} from "./words.ts";

/** A table in words, for terminals and pages. */
export interface PlanTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Lines under it: what a mark in a cell means. */
  readonly notes?: readonly string[];
}

/** Every table of a plan: the ways to store the model, the devices, and of each device the candidates where `details` asks for them. */
export function planTables(plan: ModelPlan, { details }: { readonly details: boolean }): PlanTable[] {
  return [candidateTable(plan), deviceTable(plan), ...(details ? plan.devices.map(detailTable) : [])];
}

function candidateTable({ candidates, contextTokens }: ModelPlan): PlanTable {
  return {
    title: `ways to store it, with a context of ${contextTokens}`,
    columns: ["encoding", "bits", "package", "cache", "activations", "peak", "while loading"],
    rows: candidates.map((candidate) => [
      candidateLabel(candidate),
      candidate.bitsPerWeight.toFixed(1),
      sizeText(candidate.packageBytes),
      sizeText(candidate.cacheBytes),
      sizeText(candidate.activationBytes),
      sizeText(candidate.peakBytes),
      loadText(candidate),
    ]),
  };
}

/** What a load takes, and how sure that is. */
export function loadText({ loadPeakBytes, unpacking }: CandidatePlan): string {
  const size = sizeText(loadPeakBytes);
  return unpacking === "none" ? size : `${unpacking === "expected" ? "" : "up to "}${size} if unpacked`;
}

function deviceTable({ devices }: ModelPlan): PlanTable {
  return {
    title: "devices",
    columns: [
      "device",
      "an app gets",
      "take",
      "fit",
      "context",
      "prefill",
      "decode, tokens/s",
      "first token",
    ],
    rows: devices.map((device) => {
      const { recommendation } = device;
      const place = [device.name, limitsText(device)];
      if (recommendation === null) return [...place, "nothing", device.obstacle ?? ""];
      const { contextTokens, prefillTokens } = recommendation;
      const speed = speedOf(device);
      return [
        ...place,
        candidateLabel(recommendation),
        recommendedFit(recommendation),
        String(contextTokens),
        prefillTokens === null ? "none" : String(prefillTokens),
        speed ? rangeText(speed.decodeTokensPerSecond) : "unknown",
        speed ? secondsText(speed.timeToFirstTokenSeconds) : "unknown",
      ];
    }),
    notes: cautionLines(devices),
  };
}

/** What the `?` behind a fit means, a line for each caution with the devices that it is for; `iPad Pro (M1), 8 GB` without its comma. */
function cautionLines(devices: readonly DevicePlan[]): string[] {
  const names = new Map<string, string[]>();
  for (const { name, recommendation } of devices) {
    const caution = recommendation?.caution ?? null;
    if (caution !== null) names.set(caution, [...(names.get(caution) ?? []), name]);
  }
  return [...names].map(
    ([caution, own]) => `? ${joinNames(own.map((name) => name.replace(", ", " ")))}: ${caution}`,
  );
}

/** Predicted figures of what is recommended. */
export function speedOf({ candidates, recommendation }: DevicePlan): DeviceCandidate["speed"] {
  const chosen = candidates.find(
    ({ encoding, engine }) => encoding === recommendation?.encoding && engine === recommendation.engine,
  );
  return chosen?.speed ?? null;
}

/** `3.22 GB, 6.44 with the entitlement`; a `~` stands before what a rule gives. */
export function limitsText({ limit, entitledLimit }: DevicePlan): string {
  const [plain, entitled] = [limitText(limit), limitText(entitledLimit)];
  return plain === entitled ? plain : `${plain}, entitled ${entitled}`;
}

function limitText(limit: MemoryLimit): string {
  if (limit.kind === "unknown") return "unknown";
  return `${limit.kind === "derived" ? "~" : ""}${sizeText(limit.bytes)}`;
}

function detailTable(device: DevicePlan): PlanTable {
  return {
    title: `${device.name}${device.chip === null ? "" : `, ${device.chip}`}`,
    columns: [
      "encoding",
      "needs",
      "fit",
      "largest context",
      "decode, tokens/s",
      "prefill, tokens/s",
      "first token",
      "or",
    ],
    rows: device.candidates.map((candidate) => {
      const { fit, neededBytes, maxContextTokens, speed, remedies } = candidate;
      return [
        candidateLabel(candidate),
        sizeText(neededBytes),
        FIT_WORDS[fit],
        maxContextTokens === null ? "unknown" : String(maxContextTokens),
        speed ? rangeText(speed.decodeTokensPerSecond) : "unknown",
        speed ? rangeText(speed.prefillTokensPerSecond) : "unknown",
        speed ? secondsText(speed.timeToFirstTokenSeconds) : "unknown",
        remedies.map(remedyText).join("; "),
      ];
    }),
  };
}

/** What would help, in words. */
export function remedyText(remedy: Remedy): string {
  switch (remedy.kind) {
    case "encoding":
      return `${candidateLabel(remedy)} ${FIT_WORDS[remedy.fit]}`;
    case "context":
      return `a context of ${remedy.contextTokens}`;
    case "chunks":
      return `${remedy.count} files of at most ${sizeText(remedy.limitBytes)}, which conversion does not write yet`;
  }
}

/** What the model is, in some lines. */
export function planSummary({
  model,
  contextTokens,
  decodeFlops,
  promptFlops,
  promptTokens,
}: ModelPlan): string[] {
  const { name, revision, parameters, layers, hiddenSize, vocabSize, tied, cacheBytesPerToken } = model;
  const head = tied ? "which is the head too" : "beside a head of its own";
  return [
    `${name}${revision === null ? "" : `@${revision.slice(0, 12)}`}: ${countText(parameters.total)} parameters, ${countText(parameters.embedding)} of them the embedding, ${head}`,
    `${layers} layers of ${hiddenSize}, vocabulary ${vocabSize}, trained for contexts of up to ${model.maxContextTokens}`,
    `cache ${sizeText(cacheBytesPerToken)} a token, ${sizeText(cacheBytesPerToken * contextTokens)} for ${contextTokens}; ${countText(decodeFlops)} operations a token, ${countText(promptFlops)} for a prompt of ${promptTokens}`,
  ];
}

/** `1.54 billion`. */
function countText(count: number): string {
  const scales = [
    [1e12, " trillion"],
    [1e9, " billion"],
    [1e6, " million"],
    [1e3, " thousand"],
  ] as const;
  const [scale, word] = scales.find(([least]) => count >= least) ?? [1, ""];
  return `${Number((count / scale).toPrecision(3))}${word}`;
}
