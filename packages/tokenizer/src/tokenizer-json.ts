import { PippinError } from "@pippin/core";
import { z } from "zod";
import type { TokenizerErrorCode } from "./errors.ts";

/** One stage of the pipeline: its `type` and the fields of that type. */
export const Component = z.looseObject({ type: z.string() });
export type Component = z.infer<typeof Component>;

/** The stages inside of a `Sequence`, under the key that its kind of stage uses. */
export function stagesIn(sequence: Component, key: string): readonly Component[] {
  return parseShape(z.array(Component), sequence[key], `tokenizer.json, ${key}`);
}

const AddedToken = z.looseObject({
  id: z.number().int().nonnegative(),
  content: z.string(),
  special: z.boolean().default(false),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().optional(),
});

/** The parts of a tokenizer.json that are looked at before the engine gets it; the rest passes through. */
export const TokenizerJson = z.looseObject({
  added_tokens: z.array(AddedToken).default([]),
  normalizer: Component.nullable().default(null),
  pre_tokenizer: Component.nullable().default(null),
  post_processor: Component.nullable().default(null),
  decoder: Component.nullable().default(null),
  // The vocabulary has up to 300,000 entries: the engine reads it, and a schema over each would double the load time.
  model: z.looseObject({
    vocab: z.custom<object>((value) => typeof value === "object" && value !== null, "no vocabulary"),
  }),
});
export type TokenizerJson = z.infer<typeof TokenizerJson>;

const SpecialToken = z.union([
  z.string(),
  z.looseObject({ content: z.string() }).transform((token) => token.content),
]);

/** A tokenizer_config.json, or a special_tokens_map.json: an object of anything. */
export const TokenizerConfig = z.looseObject({
  chat_template: z
    .union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))])
    .nullish(),
});
export type TokenizerConfig = z.infer<typeof TokenizerConfig>;

/**
 * The special tokens by their key in the file (`bos_token`, `eos_token`, `pad_token` …), as chat templates see them.
 * Null ones are left out. Later sources win.
 */
export function specialTokensOf(...sources: readonly unknown[]): Record<string, string> {
  const tokens: Record<string, string> = {};
  for (const source of sources) {
    for (const [key, value] of Object.entries(source ?? {})) {
      const token = key.endsWith("_token") ? SpecialToken.safeParse(value) : undefined;
      if (token?.success) tokens[key] = token.data;
    }
  }
  return tokens;
}

/**
 * Parses a tokenizer file's JSON value.
 *
 * @throws PippinError `TOKENIZER_BROKEN_FILE` that names the first key that is wrong.
 */
export function parseShape<Shape extends z.ZodType>(
  shape: Shape,
  value: unknown,
  file: string,
): z.infer<Shape> {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw brokenFile(file, `${issue?.path.join(".") || "the file"}: ${issue?.message}`, parsed.error);
}

export function brokenFile(file: string, reason: string, cause: unknown): PippinError<TokenizerErrorCode> {
  return new PippinError("TOKENIZER_BROKEN_FILE", {
    message: `${file} cannot be used: ${reason}`,
    hint: "The download is probably incomplete: fetch the file again.",
    details: { file, reason },
    cause,
  });
}

export function unsupported(stage: string, type: string, cause?: unknown): PippinError<TokenizerErrorCode> {
  return new PippinError("TOKENIZER_UNSUPPORTED_COMPONENT", {
    message: `the tokenizer's ${stage} is of type ${type}, which cannot be executed`,
    hint: "Report the model's name; its weights can be converted all the same.",
    details: { stage, type },
    cause,
  });
}
