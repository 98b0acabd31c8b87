import type { ScaledSource } from "@pippin/kernels";
import type { PlainTensor } from "../checkpoint.ts";
import { matrixShape, type PackedParts, packedInvalid } from "./packed-tensors.ts";

export interface ScaledTensor extends Pick<ScaledSource, "shape" | "codes" | "format" | "block"> {
  readonly name: string;
  readonly scales: PlainTensor;
}

/** Codes of FP8 and int8 that stand as `X.weight` with scales beside them. */
export const SCALED_DTYPES: readonly string[] = ["F8_E4M3", "F8_E5M2", "I8"];
/** Scales of activations and of the cache: they belong to how a model is run. */
const RUNTIME_SCALES = [
  ...[".input_scale", ".input_zero_point", ".activation_scale", ".input_global_scale"],
  ...[".k_scale", ".v_scale", ".k_proj.output_scale", ".v_proj.output_scale"],
];

/**
 * FP8: `X.weight` F8_E4M3 or F8_E5M2 `[rows, columns]` with `X.weight_scale_inv`, one for each block (DeepSeek, Qwen3),
 * or `X.weight_scale`, one for the tensor or for each row (fbgemm, compressed-tensors). Either way value = code · scale.
 *
 * @param block - rows and columns of a block, where the config tells.
 */
export function fp8Tensors(parts: PackedParts, block: readonly [number, number] | undefined): void {
  for (const layer of parts.endingWith(".weight")) {
    const name = `${layer}.weight`;
    if (!SCALED_DTYPES.includes(parts.dtypeOf(name) ?? "")) continue;
    const codes = parts.take(name);
    const scales = parts.takeIfPresent(`${name}_scale_inv`) ?? parts.take(`${name}_scale`);
    if (parts.dtypeOf(`${name}_zero_point`) !== undefined)
      throw packedInvalid(name, "has zero points, which are not read");
    // The dtype was compared above.
    const format = codes.dtype as ScaledSource["format"];
    const shape = matrixShape(codes);
    addScaled(parts, {
      name,
      shape,
      codes: codes.source,
      format,
      scales,
      block: blockOf(shape, scales, block),
    });
  }
  for (const suffix of RUNTIME_SCALES) {
    for (const layer of parts.endingWith(suffix)) parts.takeIfPresent(layer + suffix);
  }
}

/** Adds a weight of small floats or signed integers. */
export function addScaled(
  parts: PackedParts,
  { name, shape, codes, format, scales, block }: ScaledTensor,
): void {
  const bits = format === "F4_E2M1" ? 4 : 8;
  const kind = format === "I8" ? "integer" : "float";
  parts.packed.push({
    name,
    source: { kind: "scaled", shape, codes, format, block, scales: scales.source },
    quantization: {
      ...{ bits, codes: kind, axis: 1, groupSize: block[1], groupRows: block[0] },
      ...{ offset: "none", indexed: false },
    },
  });
}

/** What share a scale, from the shapes of the weight and of its scales. */
function blockOf(
  [rows, columns]: readonly [number, number],
  { name, shape }: PlainTensor,
  block: readonly [number, number] | undefined,
): readonly [number, number] {
  const [first = 1, second = 1] = shape;
  if (shape.length <= 2) {
    if (
      block !== undefined &&
      first === Math.ceil(rows / block[0]) &&
      second === Math.ceil(columns / block[1])
    ) {
      return block;
    }
    if (first * second === 1) return [rows, columns];
    if (first === rows && second > 0 && columns % second === 0) return [1, columns / second];
  }
  const blocks = block === undefined ? "" : ` in blocks of ${block.join(" × ")}`;
  throw packedInvalid(
    name,
    `has the shape [${shape.join(", ")}], which scales no [${rows}, ${columns}]${blocks}`,
  );
}
