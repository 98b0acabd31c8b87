import type { AffineSource } from "@pippin/kernels";
import type { AwqScheme, GptqScheme } from "../quantization-config.ts";
import { matrixShape, type PackedParts, packedInvalid } from "./packed-tensors.ts";

/**
 * GPTQ: `X.qweight` I32 `[columns · bits / 32, rows]`, `X.qzeros` I32 `[groups, rows · bits / 32]`, `X.scales`
 * `[groups, rows]`, and `X.g_idx` I32 `[columns]`, which it must have when columns were quantized out of order.
 *
 * The first format holds zero points less one; a zero point of 0 then shows as all ones (AutoGPTQ's kernels differ on
 * that one value, its `qlinear_cuda_old` reads it so). Files in `gptq_v2` hold them as they are. Source: AutoGPTQ 0.7's
 * `QuantLinear.pack`, GPTQModel's `checkpoint_format`.
 */
export function gptqTensors(parts: PackedParts, scheme: GptqScheme): void {
  for (const layer of parts.endingWith(".qweight")) {
    const groupIndex = parts.takeIfPresent(`${layer}.g_idx`);
    if (groupIndex === undefined && scheme.desc_act) {
      throw packedInvalid(`${layer}.g_idx`, "is not there, and desc_act needs it");
    }
    addTransposed(parts, layer, {
      ...{ packing: "gptq", bits: scheme.bits, groupSize: scheme.group_size },
      added: scheme.checkpoint_format === "gptq_v2" ? 0 : 1,
      indexed: scheme.desc_act,
      ...(groupIndex && { groupIndex: groupIndex.source }),
    });
  }
}

/**
 * AWQ (version `gemm`): `X.qweight` I32 `[columns, rows / 8]`, `X.qzeros` I32 `[groups, rows / 8]`, `X.scales`
 * `[groups, rows]`. Source: AutoAWQ's `WQLinear_GEMM`.
 */
export function awqTensors(parts: PackedParts, scheme: AwqScheme): void {
  const groupSize = scheme.group_size ?? scheme.q_group_size ?? -1;
  for (const layer of parts.endingWith(".qweight")) {
    addTransposed(parts, layer, { packing: "awq", bits: 4, groupSize, added: 0, indexed: false });
  }
}

interface Transposed {
  readonly packing: "gptq" | "awq";
  readonly bits: 2 | 3 | 4 | 8;
  readonly groupSize: number;
  readonly added: 0 | 1;
  readonly indexed: boolean;
  readonly groupIndex?: AffineSource["codes"];
}

function addTransposed(parts: PackedParts, layer: string, given: Transposed): void {
  const { packing, bits, added, indexed, groupIndex } = given;
  const codes = parts.take(`${layer}.qweight`);
  const [first, second] = matrixShape(codes);
  const [rows, columns] = packing === "awq" ? [second * 8, first] : [second, (first * 32) / bits];
  const groupSize = given.groupSize === -1 ? columns : given.groupSize;
  const scales = parts.take(`${layer}.scales`);
  const zeros = parts.take(`${layer}.qzeros`);
  const groups = Math.ceil(columns / groupSize);
  const expectShape = (name: string, found: readonly number[], shape: readonly number[]) => {
    if (found.length === shape.length && shape.every((size, axis) => size === found[axis])) return;
    const wanted = `a weight of [${rows}, ${columns}] with groups of ${groupSize} needs [${shape.join(", ")}]`;
    throw packedInvalid(`${layer}.${name}`, `has the shape [${found.join(", ")}], but ${wanted}`);
  };
  expectShape("scales", scales.shape, [groups, rows]);
  expectShape("qzeros", zeros.shape, [groups, (rows * bits) / 32]);
  if (groupIndex) expectShape("g_idx", groupIndex.shape, [columns]);
  parts.packed.push({
    name: `${layer}.weight`,
    source: {
      ...{ kind: "affine", shape: [rows, columns], codes: codes.source, bits, packing, groupSize },
      scales: scales.source,
      offset: { kind: "zeroPoints", zeros: zeros.source, added },
      // Without act order the index only says what is so anyway, and a weight with one has no grid to keep.
      ...(groupIndex && indexed && { groupIndex }),
    },
    quantization: { bits, codes: "integer", axis: 1, groupSize, groupRows: 1, offset: "zeroPoint", indexed },
  });
}
