import { PippinError } from "@pippin/core";
import type { GridEncoding, PaletteEncoding } from "@pippin/kernels";
import { z } from "zod";
import { Encoding } from "../encoding.ts";
import type { QuantizeErrorCode } from "../errors.ts";
import { encodingName, parseEncodingName, type Storage } from "./names.ts";

const StorageName = z.string().superRefine((name, context) => {
  try {
    parseEncodingName(name);
  } catch (error) {
    if (!(error instanceof PippinError)) throw error;
    context.addIssue({ code: "custom", message: `${error.message}. ${error.hint}` });
  }
});

/** A name such as `int4/32`, an encoding spelled out, or a list of them: the first that fits the weight. */
const Choice = z.union([StorageName, Encoding, z.array(z.union([StorageName, Encoding])).min(1)]);
type Choice = z.infer<typeof Choice>;

/** Which matrix of a model gets which encoding. Vectors (norms, biases) are always F16. */
export const Recipe = z.strictObject({
  /** What the package's metadata call it. */
  name: z.string().min(1).max(80).optional(),
  /** For weights that no rule matches. */
  default: Choice,
  /** The last rule that matches a weight decides. */
  rules: z
    .array(
      z.strictObject({
        /** A role, such as `layers.0.mlp.down.weight`; `*` stands for one part of it, `**` for any number. */
        match: z.string().min(1).max(200),
        encoding: Choice,
      }),
    )
    .default([]),
  /** Matrices with no more elements stay F16, as in coremltools: their scales would cost what their codes save. */
  minElements: z.int().nonnegative().default(2048),
});
export type Recipe = z.infer<typeof Recipe>;
/** A recipe as it is written: what has a default may be missing. */
export type RecipeInput = z.input<typeof Recipe>;

export interface RecipeWeight {
  readonly role: string;
  readonly shape: readonly number[];
  /** How its checkpoint's own grid can be kept (`ownGrid` of the kernels). */
  readonly grid?: GridEncoding | PaletteEncoding | undefined;
}

/** How a matrix is stored, if not in F16. */
export type MatrixEncoding = Encoding | GridEncoding | PaletteEncoding;

/** Why a format cannot hold an encoding; `undefined` when it can. */
export type Refusal = (encoding: MatrixEncoding) => string | undefined;

/**
 * The encoding of one weight; `undefined` is F16.
 *
 * @param refuse - what the target format does not take.
 * @throws PippinError `QUANTIZE_RECIPE_UNFIT` when nothing that the recipe says fits the weight.
 */
export function encodingOf(
  recipe: Recipe,
  weight: RecipeWeight,
  refuse: Refusal = () => undefined,
): MatrixEncoding | undefined {
  const [rows = 0, columns = 0] = weight.shape;
  if (weight.shape.length !== 2 || rows * columns <= recipe.minElements) return undefined;
  const reasons: string[] = [];
  for (const storage of storagesOf(recipe, weight.role)) {
    if (storage === "fp16") return undefined;
    const encoding = typeof storage === "string" ? gridOf(storage, weight) : storage;
    const reason = encoding === undefined ? "it has no such grid of its own" : misfit(encoding, weight.shape);
    const refused = reason ?? (encoding && refuse(encoding));
    if (refused === undefined) return encoding;
    reasons.push(`${encodingName(storage)}: ${refused}`);
  }
  throw new PippinError<QuantizeErrorCode>("QUANTIZE_RECIPE_UNFIT", {
    message: `weight ${weight.role} [${weight.shape}] cannot be stored as the recipe says: ${reasons.join("; ")}`,
    hint: 'Name another encoding for it, or a list that ends with one that always fits, such as ["int4/32", "int8"].',
    details: { weight: weight.role, shape: weight.shape, reasons },
  });
}

function gridOf(storage: "grid" | "grid4", { grid }: RecipeWeight): MatrixEncoding | undefined {
  if (grid === undefined || storage === "grid") return grid;
  const bits = grid.kind === "palette" ? grid.bits : grid.dtype.endsWith("4") ? 4 : 8;
  return bits <= 4 ? grid : undefined;
}

/** Rules that match none of the roles: most often a misspelled role. */
export function unusedRules({ rules }: Recipe, roles: Iterable<string>): string[] {
  const all = [...roles];
  return rules.map(({ match }) => match).filter((match) => !all.some((role) => matches(match, role)));
}

function storagesOf({ default: fallback, rules }: Recipe, role: string): Storage[] {
  const choice: Choice = rules.findLast(({ match }) => matches(match, role))?.encoding ?? fallback;
  return (Array.isArray(choice) ? choice : [choice]).map((each) =>
    typeof each === "string" ? parseEncodingName(each) : each,
  );
}

function matches(pattern: string, role: string): boolean {
  const parts = pattern.split(/(\*\*?)/).map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^.]*" : part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`).test(role);
}

function misfit(encoding: MatrixEncoding, [rows = 0, columns = 0]: readonly number[]): string | undefined {
  if (encoding.kind === "linear" && columns % (encoding.blockSize ?? 1) !== 0) {
    return `blocks of ${encoding.blockSize} do not divide its ${columns} columns`;
  }
  if (encoding.kind === "palette" && encoding.granularity === "per_grouped_channel") {
    return rows % (encoding.groupSize ?? 1) === 0
      ? undefined
      : `groups of ${encoding.groupSize} do not divide its ${rows} rows`;
  }
  return undefined;
}
