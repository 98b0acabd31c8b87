import type { ModelGeometry } from "@pippin/core";
import type { DecoderSpec } from "@pippin/decoder";
import { type Candidate, neededBytes, planCandidate } from "./candidate.ts";
import type { Device } from "./devices.ts";
import { planError } from "./errors.ts";
import { decodeFlops, geometryOf, type ModelFigures, modelFigures, promptFlops } from "./figures.ts";
import { fitOf, maxContextTokens, remediesOf } from "./fit.ts";
import type { CandidatePlan, DeviceCandidate, DevicePlan, ModelPlan } from "./model-plan.ts";
import { leastLossyFirst, READABLE_TOKENS_PER_SECOND } from "./order.ts";
import { recommend } from "./recommend.ts";
import { speedFigures } from "./speed-figures.ts";

export interface PlanInput {
  readonly spec: DecoderSpec;
  readonly facts: { readonly name: string; readonly revision?: string | undefined };
  /** What `pippin.json` calls the model; default: its name, and its revision behind an `@`. */
  readonly reference?: string | undefined;
  readonly backend: string;
  /** Names of the backend's options; `pippin.json` gets no others. Default: whatever the recommendation says. */
  readonly optionNames?: readonly string[] | undefined;
  /** All planned for the same context. */
  readonly candidates: readonly Candidate[];
}

export interface PlanOptions {
  readonly devices: readonly Device[];
  /** Of the prompt whose time to first token is predicted; default 512, or half of a shorter context. */
  readonly promptTokens?: number | undefined;
}

interface Model {
  readonly figures: ModelFigures;
  readonly geometry: ModelGeometry;
  readonly promptTokens: number;
}

const DEFAULT_PROMPT_TOKENS = 512;

/**
 * Says for each device which candidates fit, how fast they will be, and which one to take. Reads nothing and writes nothing: the same
 * input gives the same plan.
 *
 * @throws PippinError `PLAN_EMPTY`, `PLAN_LENGTH_INVALID`.
 */
export function planModel(input: PlanInput, options: PlanOptions): ModelPlan {
  checkGiven(input, options);
  const { spec, facts, backend, candidates } = input;
  const { revision = null } = facts;
  const contextTokens = contextOf(candidates);
  const promptTokens =
    options.promptTokens ?? Math.min(DEFAULT_PROMPT_TOKENS, Math.max(1, Math.floor(contextTokens / 2)));
  checkPrompt(promptTokens, contextTokens);
  const geometry = geometryOf(spec);
  const figures = modelFigures(spec);
  const plans = candidates.map((candidate) => planCandidate(candidate, geometry));
  const model: Model = { figures, geometry, promptTokens };
  return {
    version: 1,
    model: { name: facts.name, revision, family: spec.family, ...figures },
    backend,
    ...{ contextTokens, promptTokens },
    decodeFlops: decodeFlops(spec, promptTokens + 1),
    promptFlops: promptFlops(spec, promptTokens),
    readableTokensPerSecond: READABLE_TOKENS_PER_SECOND,
    candidates: plans,
    devices: options.devices.map((device) => planDevice(device, input, { model, plans })),
  };
}

function planDevice(
  device: Device,
  { candidates, backend, facts, reference, optionNames }: PlanInput,
  { model, plans }: { readonly model: Model; readonly plans: readonly CandidatePlan[] },
): DevicePlan {
  const { geometry } = model;
  const judged = candidates.map((candidate, index) => ({
    candidate,
    plan: plans[index]!,
    onDevice: judge(candidate, device, model),
  }));
  const order = leastLossyFirst(judged).map(({ candidate, onDevice }) => ({ candidate, fit: onDevice.fit }));
  const planned = judged.map((each) => {
    const { candidate, onDevice } = each;
    const others = order.filter((other) => other.candidate !== candidate);
    const { fit, maxContextTokens: maxContext } = onDevice;
    const remedies = remediesOf(candidate, { fit, kind: device.kind, maxContext, others });
    return { ...each, onDevice: { ...onDevice, remedies } };
  });
  const { id, name, kind, chip = null, memoryBytes, limit, entitledLimit } = device;
  return {
    ...{ id, name, kind, chip, memoryBytes, limit, entitledLimit },
    candidates: planned.map(({ onDevice }) => onDevice),
    ...recommend({
      ...{ device, planned, geometry, backend, optionNames },
      model: reference ?? referenceOf(facts),
    }),
  };
}

function judge(
  candidate: Candidate,
  device: Device,
  { figures, geometry, promptTokens }: Model,
): DeviceCandidate {
  const needed = neededBytes(candidate, geometry);
  const context = { limits: device, maxPositions: figures.maxContextTokens };
  return {
    encoding: candidate.encoding,
    engine: candidate.engine,
    fit: fitOf(needed, device),
    neededBytes: needed,
    maxContextTokens: maxContextTokens(candidate, geometry, context),
    remedies: [],
    speed: speedFigures(candidate, device, { model: figures, promptTokens }),
  };
}

function referenceOf({ name, revision }: PlanInput["facts"]): string {
  return revision === undefined ? name : `${name}@${revision}`;
}

/** Callers without types may leave a list out. */
function checkGiven(input: Partial<PlanInput>, options: Partial<PlanOptions> | undefined): void {
  if (!input.candidates?.length)
    throw empty("there is no way to store the model that could be planned", "Give a candidate or more.");
  if (!options?.devices?.length) throw empty("no device was named", "Name one, or plan for all.");
}

/** Of one candidate or more. */
function contextOf(candidates: readonly Candidate[]): number {
  const [first, ...rest] = candidates.map(({ manifest }) => manifest.contextLength) as [number, ...number[]];
  const other = rest.find((length) => length !== first);
  if (other === undefined) return first;
  throw planError("PLAN_LENGTH_INVALID", {
    message: `the candidates are planned for contexts of ${first} and ${other} tokens`,
    hint: "Plan all of them for the same context, so that they can be compared.",
  });
}

function checkPrompt(promptTokens: number, contextTokens: number): void {
  if (Number.isSafeInteger(promptTokens) && promptTokens > 0 && promptTokens < contextTokens) return;
  throw planError("PLAN_LENGTH_INVALID", {
    message: `a prompt of ${promptTokens} tokens leaves no room for an answer in a context of ${contextTokens}`,
    hint: "Choose a shorter prompt or a longer context.",
    details: { promptTokens, contextTokens },
  });
}

function empty(message: string, hint: string) {
  return planError("PLAN_EMPTY", { message, hint });
}
