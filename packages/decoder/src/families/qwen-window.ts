import { z } from "zod";
import { type CommonConfig, configInvalid, unsupported } from "../config.ts";
import { quoted } from "../errors.ts";

/** Keys by which Qwen2 and Qwen3 configs switch on a sliding window for their upper layers. */
export const QwenWindowKeys = {
  use_sliding_window: z.boolean().default(false),
  sliding_window: z.number().int().positive().nullish(),
  max_window_layers: z.number().int().nonnegative().default(28),
};

type WindowConfig = CommonConfig & {
  readonly use_sliding_window: boolean;
  readonly sliding_window?: number | null | undefined;
  readonly max_window_layers: number;
};

/** The window of each layer: `layer_types` wins over `max_window_layers`; released models have none. */
export function qwenWindow(config: WindowConfig): (layer: number) => number | null {
  const stray = config.layer_types?.find((type) => type !== "full_attention" && type !== "sliding_attention");
  if (stray !== undefined) throw unsupported(`layers of type ${quoted(stray)}`);
  return (layer) => {
    const sliding = config.layer_types
      ? config.layer_types[layer] === "sliding_attention"
      : config.use_sliding_window && layer >= config.max_window_layers;
    if (!sliding) return null;
    if (!config.use_sliding_window) {
      throw configInvalid("layer_types lists sliding_attention, use_sliding_window is not set");
    }
    // The default of transformers for configs that switch the window on without a width.
    const window = config.sliding_window === undefined ? 4096 : config.sliding_window;
    if (window === null) throw configInvalid("use_sliding_window is set, sliding_window is null");
    return window;
  };
}
