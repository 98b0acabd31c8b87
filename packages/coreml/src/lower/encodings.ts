import { hasOffset, linearGroupSize, linearRange, type PartName } from "@pippin/kernels";
import { type Compute, type MatrixEncoding, PRESETS, presetRecipe, Recipe } from "@pippin/quantize";
import { coremlError } from "../errors.ts";
import { packedBytes } from "../mil/types.ts";
import type { DataTypeName } from "../proto/mil.ts";
import { TARGETS, type Target } from "../targets.ts";

/** What `--quantize` takes. `mixed` is a search's result, so it comes with its recipe. */
export const ENCODINGS = ["none", ...PRESETS, "mixed"] as const;
export type Quantize = (typeof ENCODINGS)[number];

/** How Core ML stores a matrix, if not in F16. */
export type CoremlEncoding = Exclude<MatrixEncoding, { kind: "mlc" }>;

const NOTHING: Recipe = Recipe.parse({ name: "none", default: "fp16" });

/**
 * The recipe that the options ask for.
 *
 * @throws PippinError `COREML_OPTION_INVALID`.
 */
export function recipeOf(
  options: {
    readonly quantize: Quantize;
    readonly recipe?: Recipe | undefined;
    readonly compute: Compute;
  },
  target: Target,
): Recipe {
  const { quantize, recipe, compute } = options;
  if (recipe !== undefined) return recipe;
  if (quantize === "none") return NOTHING;
  if (quantize === "int4" && compute !== "ane" && !takesBlocks(target)) {
    throw coremlError("COREML_OPTION_INVALID", {
      message: `int4 weights need ios18, the target is ${target}`,
      hint: "Choose --quantize lut4, a palette of 16 values, or int8 for older systems, or --target ios18.",
    });
  }
  if (quantize !== "mixed") return presetRecipe(quantize, compute);
  throw coremlError("COREML_OPTION_INVALID", {
    message: "a mixed package needs the recipe that says which weight gets which encoding",
    hint: "pippin convert --quantize mixed searches one; @pippin/tune does it for programs.",
  });
}

/** What a search may choose from: what the target takes and runs where the package is meant to run. */
export function searchedEncodings(target: Target, compute: Compute): readonly string[] {
  if (!takesBlocks(target)) return ["int8", "lut6", "lut4"];
  if (compute === "ane") return ["int8", "lut6/16", "lut4/4", "lut4/16"];
  return ["grid", "int8", "lut6/16", "uint4/32", "uint4/64", "lut4/4", "lut4/16", "lut3/4", "lut3/16"];
}

function takesBlocks(target: Target): boolean {
  return TARGETS[target].specificationVersion >= TARGETS.ios18.specificationVersion;
}

/**
 * Why packages for `target` cannot hold an encoding (source: coremltools' definitions of the constexpr operations,
 * opset by opset).
 */
export function refusal(target: Target): (encoding: MatrixEncoding) => string | undefined {
  return (encoding) => {
    if (encoding.kind === "mlc") return "it is a format of MLC-LLM";
    if (takesBlocks(target)) return undefined;
    const older = `needs ios18, the target is ${target}`;
    switch (encoding.kind) {
      case "grid":
        return older;
      case "linear":
        if (encoding.dtype.endsWith("4")) return `a linear 4-bit weight ${older}`;
        return encoding.granularity === "per_block" ? `a scale for each block ${older}` : undefined;
      case "palette":
        if (encoding.bits === 3) return `a palette of 3 bits ${older}`;
        return encoding.granularity === "per_tensor"
          ? undefined
          : `a palette for each group of rows ${older}`;
    }
  };
}

type CodeType = Exclude<DataTypeName, "STRING">;

/** Type and shape of the codes that an encoding stores: before iOS 18, indices are bytes that hold the packed bits. */
export function codesOf(
  encoding: CoremlEncoding,
  shape: readonly [rows: number, columns: number],
  target: Target,
): { readonly dtype: CodeType; readonly shape: readonly number[] } {
  const dtype = codeType(encoding);
  if (encoding.kind !== "palette" || takesBlocks(target)) return { dtype, shape };
  return { dtype: "UINT8", shape: [packedBytes(dtype, shape[0] * shape[1])] };
}

function codeType(encoding: CoremlEncoding): CodeType {
  if (encoding.kind === "palette") return `UINT${encoding.bits}`;
  // The names of MIL's types are those of the encodings.
  return encoding.dtype.toUpperCase() as CodeType;
}

interface StoredPart {
  readonly part: PartName;
  readonly dtype: CodeType;
  readonly shape: readonly number[];
}

/** What an encoding stores beside the codes, as the operations of iOS 18 have it. */
export function partsOf(
  encoding: CoremlEncoding,
  [rows, columns]: readonly [rows: number, columns: number],
): StoredPart[] {
  switch (encoding.kind) {
    case "linear": {
      const groupSize = linearGroupSize(encoding, rows, columns);
      const shape = encoding.granularity === "per_tensor" ? [1, 1] : [rows, columns / groupSize];
      const offset = hasOffset(linearRange(encoding));
      return [
        { part: "scale", dtype: "FLOAT16", shape },
        ...(offset ? [{ part: "offset" as const, dtype: codeType(encoding), shape }] : []),
      ];
    }
    case "grid": {
      const shape = [rows, columns / encoding.groupSize];
      const { offset } = encoding;
      const dtype = offset === "float" ? "FLOAT16" : codeType(encoding);
      return [
        { part: "scale", dtype: "FLOAT16", shape },
        ...(offset === "none" ? [] : [{ part: "offset" as const, dtype, shape }]),
      ];
    }
    case "palette": {
      // Groups of rows, groups of columns, entries, elements of an entry.
      const groups = encoding.granularity === "per_tensor" ? 1 : rows / (encoding.groupSize ?? 1);
      return [{ part: "lut", dtype: "FLOAT16", shape: [groups, 1, 2 ** encoding.bits, 1] }];
    }
  }
}
