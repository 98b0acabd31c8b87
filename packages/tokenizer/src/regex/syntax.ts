import { PippinError } from "@pippin/core";
import type { TokenizerErrorCode } from "../errors.ts";
import type { CodePointSet } from "./set.ts";

/** A regular expression, reduced to what a table can execute. */
export type Syntax =
  | { readonly kind: "set"; readonly set: CodePointSet }
  | { readonly kind: "sequence"; readonly parts: readonly Syntax[] }
  | { readonly kind: "choice"; readonly options: readonly Syntax[] }
  | {
      readonly kind: "repeat";
      readonly part: Syntax;
      readonly least: number;
      /** Infinity for no bound. */
      readonly most: number;
      readonly greedy: boolean;
    }
  /** What stands before or behind: one of `set`, or nothing where `edge` (the text's beginning or end) says so. */
  | { readonly kind: "look"; readonly behind: boolean; readonly set: CodePointSet; readonly edge: boolean }
  /** A word's beginning or end, or neither. */
  | { readonly kind: "boundary"; readonly negated: boolean };

/** A construct that cannot be executed exactly. */
export function unsupportedRegex(
  pattern: string,
  construct: string,
  at: number,
): PippinError<TokenizerErrorCode> {
  return new PippinError("TOKENIZER_UNSUPPORTED_REGEX", {
    message: `the tokenizer's regular expression ${shown(pattern)} uses ${construct} at ${at}, which cannot be executed`,
    hint: "Report the model's name; its weights can be converted all the same.",
    details: { pattern, construct, at },
  });
}

export function brokenRegex(pattern: string, reason: string, at: number): PippinError<TokenizerErrorCode> {
  return new PippinError("TOKENIZER_BROKEN_FILE", {
    message: `the tokenizer's regular expression ${shown(pattern)} is malformed at ${at}: ${reason}`,
    hint: "The download is probably incomplete: fetch the file again.",
    details: { pattern, reason, at },
  });
}

function shown(pattern: string): string {
  return JSON.stringify(pattern.length > 200 ? `${pattern.slice(0, 200)}…` : pattern);
}
