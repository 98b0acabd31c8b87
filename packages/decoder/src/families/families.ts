import type { Family } from "../family.ts";
import { granite } from "./granite.ts";
import { llama } from "./llama.ts";
import { mistral } from "./mistral.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3 } from "./qwen3.ts";

/** Every family, by its values of `model_type`. */
export const FAMILIES: readonly Family[] = [granite, llama, mistral, qwen2, qwen3];
