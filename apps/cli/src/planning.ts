import { type BackendPlan, isPippinError, type PippinError, type PlanVariant } from "@pippin/core";
import {
  type Candidate,
  type ConvertOptions,
  DEFAULT_DEVICES,
  DEVICES,
  type Device,
  findDevice,
} from "@pippin/plan";
import type { AnyBackend } from "./config.ts";
import { planConversion } from "./convert.ts";
import { usageError } from "./errors.ts";
import type { PeekedModel } from "./peek.ts";
import { optionNames, parseSchemaOptions } from "./schema-options.ts";

interface Flags extends Readonly<Record<string, unknown>> {
  readonly engine: readonly string[];
}

/**
 * Every way of a backend to store a model that it accepts under these options, planned without reading weights.
 *
 * @throws PippinError what the backend says when it accepts none, `CLI_USAGE` for an engine that it does not have.
 */
export async function planCandidates(
  { backend, model }: { readonly backend: AnyBackend; readonly model: PeekedModel },
  flags: Flags,
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  const refusals: PippinError[] = [];
  for (const { encoding, engine, options: own } of await variantsOf(backend, flags)) {
    const options = { ...givenOptions(backend, flags), ...own };
    const parsed = await parseSchemaOptions(backend.options, { ...flags, ...options });
    // A schema of options gives an object.
    const plan = (more: object) => planConversion(backend, model, { ...(parsed as object), ...more });
    try {
      const { outputBytes, manifest, unpacking, keepsGrid } = plan({});
      const replan = replanner(plan);
      candidates.push({
        ...{ encoding, engine, options, outputBytes, manifest },
        ...{ unpacking, keepsGrid, replan },
      });
    } catch (error) {
      if (!isPippinError(error)) throw error;
      refusals.push(error);
    }
  }
  if (candidates.length === 0 && refusals[0] !== undefined) throw refusals[0];
  return candidates;
}

/** Plans again for other lengths, once for each: many devices ask for the same. */
function replanner(plan: (more: object) => BackendPlan): NonNullable<Candidate["replan"]> {
  const known = new Map<string, Pick<BackendPlan, "outputBytes" | "manifest">>();
  return ({ contextTokens, prefillTokens }) => {
    const key = `${contextTokens} ${prefillTokens}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const { outputBytes, manifest } = plan({
      context: contextTokens,
      ...(prefillTokens === undefined ? {} : { prefill: prefillTokens }),
    });
    const planned = { outputBytes, manifest };
    known.set(key, planned);
    return planned;
  };
}

/** What the backend would compare, or each of its encodings; `mixed` is a search's result. */
async function variantsOf(backend: AnyBackend, flags: Flags): Promise<readonly PlanVariant[]> {
  const options = await parseSchemaOptions(backend.options, flags);
  const encodings = backend.encodings.filter((encoding) => encoding !== "mixed");
  const all =
    backend.variants?.(options) ??
    encodings.map((encoding) => ({ encoding, options: { quantize: encoding }, engine: backend.id }));
  const kept = all.filter(({ engine }) => flags.engine.length === 0 || flags.engine.includes(engine));
  if (kept.length > 0) return kept;
  const known = [...new Set(all.map(({ engine }) => engine))].join(", ");
  throw usageError(
    `no package of ${backend.id} runs on ${flags.engine.join(", ")} under these options`,
    `Known: ${known}.`,
  );
}

/** Flags that are the backend's, for `pippin.json`: what was asked for is asked for again. */
function givenOptions(backend: AnyBackend, flags: Flags): ConvertOptions {
  const given = optionNames(backend.options).flatMap((name) => {
    const value = flags[name];
    return ["string", "number", "boolean"].includes(typeof value) ? [[name, value as string]] : [];
  });
  return Object.fromEntries(given);
}

/**
 * Devices by what `--device` takes: ids, names, identifiers, a kind, `all`; without any a short list.
 *
 * @throws PippinError `PLAN_DEVICE_UNKNOWN`.
 */
export function devicesOf(names: readonly string[]): Device[] {
  const found = (names.length === 0 ? DEFAULT_DEVICES : names).flatMap((name) => {
    const word = name.toLowerCase();
    if (word === "all") return DEVICES;
    const ofKind = DEVICES.filter(({ kind }) => kind === word);
    return ofKind.length > 0 ? ofKind : [findDevice(name)];
  });
  return [...new Set(found)];
}
