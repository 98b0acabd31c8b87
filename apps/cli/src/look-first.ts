import type { BackendPlan } from "@pippin/core";
import { checkOutputFolder } from "@pippin/core/node";
import type { ConvertFlags } from "./commands/convert.ts";
import type { AnyBackend } from "./config.ts";
import { defaultOut, planConversion } from "./convert.ts";
import { needsWeights } from "./mixed.ts";
import { type PeekedModel, peek } from "./peek.ts";
import type { CommandContext } from "./terminal/io.ts";

/** What is known before weights are there. */
export interface Looked {
  readonly model: PeekedModel;
  /** The folder to write. */
  readonly out: string;
  /** Absent where a search or the values inside decide. */
  readonly plan: BackendPlan | undefined;
}

interface Wanted {
  readonly backend: AnyBackend;
  readonly options: unknown;
  readonly flags: ConvertFlags;
}

/** The plan to write by: the one that is made already, unless the weights lie elsewhere by now or decide. */
export function planOnce({ model, plan }: Looked, make: () => BackendPlan): BackendPlan {
  return model.remote === undefined && plan !== undefined ? plan : make();
}

/**
 * Looks into a model before its weights are fetched: an output folder that is taken, options that the backend refuses and models that
 * nobody knows are refused by then.
 */
export async function lookFirst(
  argument: string,
  { backend, options, flags }: Wanted,
  context: CommandContext,
): Promise<Looked> {
  const model = await peek(argument, context);
  const out = flags.out ?? defaultOut(model.facts.name);
  await checkOutputFolder(out, flags);
  const isKnown = !needsWeights(flags) && flags.rescale === "none";
  return { model, out, plan: isKnown ? planConversion(backend, model, options) : undefined };
}
