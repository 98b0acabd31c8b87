import { z } from "zod";

/** `{"String": …}` is a text, `{"Regex": …}` a regular expression of Oniguruma. */
export const Pattern = z.union([z.object({ String: z.string() }), z.object({ Regex: z.string() })]);
export type Pattern = z.infer<typeof Pattern>;

export const Character = z.string().refine((text) => Array.from(text).length === 1, "not one character");
