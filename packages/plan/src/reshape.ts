import type { RuntimeManifest } from "@pippin/core";

/** State sizes are multiples of it, which the Neural Engine asks for. */
export const CONTEXT_STEP = 32;

export interface Lengths {
  readonly contextTokens: number;
  /** Of the function that reads a prompt in calls of a fixed length. */
  readonly prefillTokens?: number;
}

/** The manifest that the same package would have with another context and prefill length, for estimates of memory. */
export function reshape(manifest: RuntimeManifest, lengths: Lengths): RuntimeManifest {
  const { contextTokens, prefillTokens } = lengths;
  const slots = Math.ceil(contextTokens / CONTEXT_STEP) * CONTEXT_STEP;
  return {
    ...manifest,
    contextLength: contextTokens,
    states: manifest.states.map((state) => ({
      ...state,
      shape: state.shape.map((size, axis) => (state.layout[axis] === "position" ? slots : size)),
    })),
    functions: manifest.functions.map((fn) => {
      if (typeof fn.tokens !== "number") return { ...fn, tokens: { ...fn.tokens, max: contextTokens } };
      if (fn.logitsRows === "all") return { ...fn, tokens: contextTokens };
      const tokens = fn.tokens === 1 ? 1 : (prefillTokens ?? fn.tokens);
      return { ...fn, tokens: Math.min(tokens, contextTokens) };
    }),
  };
}

/** Tokens of the function that reads a prompt piece by piece; `null` where there is none. */
export function prefillTokensOf({ functions }: RuntimeManifest): number | null {
  const lengths = functions.flatMap(({ tokens, logitsRows }) =>
    typeof tokens === "number" && tokens > 1 && logitsRows === "last" ? [tokens] : [],
  );
  return lengths[0] ?? null;
}
