import { type CompressedScheme, quantizationUnsupported } from "../quantization-config.ts";
import { matrixShape, type PackedParts, packedInvalid } from "./packed-tensors.ts";
import { fp8Tensors } from "./scaled.ts";

/**
 * compressed-tensors: FP8 and int8 as `X.weight` with `X.weight_scale`; symmetric integers of fewer bits as
 * `X.weight_packed` I32 `[rows, columns · bits / 32]`, a stream of codes with 2^(bits − 1) added, and `X.weight_scale`
 * `[rows, groups]`.
 *
 * Source: compressed-tensors 0.20, its `pack_quantized`, `float_quantized` and `int_quantized` formats.
 */
export function compressedTensors(parts: PackedParts, scheme: CompressedScheme): void {
  const weights = Object.values(scheme.config_groups).map((group) => group.weights);
  const block = weights.map(({ block_structure }) => block_structure).find(isPair);
  fp8Tensors(parts, block);
  const [bits, ...others] = new Set(weights.map(({ num_bits }) => num_bits));
  for (const layer of parts.endingWith(".weight_packed")) {
    if (others.length > 0) throw quantizationUnsupported(scheme.method, "layers of different bits");
    if (bits !== 2 && bits !== 3 && bits !== 4 && bits !== 5 && bits !== 6 && bits !== 8) {
      throw quantizationUnsupported(scheme.method, `codes of ${bits} bits`);
    }
    for (const part of ["weight_zero_point", "weight_g_idx", "weight_global_scale"]) {
      if (parts.dtypeOf(`${layer}.${part}`) !== undefined) throw quantizationUnsupported(scheme.method, part);
    }
    const codes = parts.take(`${layer}.weight_packed`);
    const scales = parts.take(`${layer}.weight_scale`);
    parts.takeIfPresent(`${layer}.weight_shape`);
    const [rows, words] = matrixShape(codes);
    const [scaleRows, groups] = matrixShape(scales);
    const columns = (words * 32) / bits;
    const groupSize = columns / groups;
    if (codes.dtype !== "I32" || scaleRows !== rows || !Number.isSafeInteger(groupSize)) {
      const found = `${codes.dtype} [${codes.shape.join(", ")}] with scales [${scales.shape.join(", ")}]`;
      throw packedInvalid(codes.name, `is ${found}, which are no rows of ${bits} bits in groups`);
    }
    parts.packed.push({
      name: `${layer}.weight`,
      source: {
        ...{ kind: "affine", shape: [rows, columns], codes: codes.source, bits, packing: "rows", groupSize },
        ...{ scales: scales.source, offset: { kind: "zeroPoint", value: 2 ** (bits - 1) } },
      },
      quantization: {
        bits,
        codes: "integer",
        axis: 1,
        groupSize,
        groupRows: 1,
        offset: "none",
        indexed: false,
      },
    });
  }
}

function isPair(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger);
}
