import { type MlxScheme, mlxLayer } from "../quantization-config.ts";
import { matrixShape, type PackedParts, packedInvalid } from "./packed-tensors.ts";
import { addScaled } from "./scaled.ts";

/**
 * MLX: `X.weight` U32 `[rows, columns · bits / 32]`, each row a little-endian stream of codes, with `X.scales` and
 * `X.biases` `[rows, columns / group_size]`. The modes `mxfp4` and `mxfp8` have E8M0 scales and no biases.
 *
 * Source: the documentation of `mlx.core.quantize`; the layout was checked against MLX 0.32.
 */
export function mlxTensors(parts: PackedParts, scheme: MlxScheme): void {
  for (const layer of parts.endingWith(".scales")) {
    const settings = mlxLayer(scheme, layer);
    const name = `${layer}.weight`;
    if (settings === false)
      throw packedInvalid(`${layer}.scales`, "belongs to a layer that is said not to be quantized");
    const { bits, group_size: groupSize, mode } = settings;
    const codes = parts.take(name);
    const scales = parts.take(`${layer}.scales`);
    if (codes.dtype !== "U32") throw packedInvalid(name, `is ${codes.dtype} instead of packed U32`);
    const [rows, groups] = matrixShape(scales);
    const shape = [rows, groups * groupSize];
    const words = (groups * groupSize * bits) / 32;
    if (codes.shape.length !== 2 || codes.shape[0] !== rows || codes.shape[1] !== words) {
      throw packedInvalid(
        name,
        `has the shape [${codes.shape.join(", ")}], but ${bits} bits in groups of ${groupSize} with scales ` +
          `[${rows}, ${groups}] make [${rows}, ${words}]`,
      );
    }
    if (mode !== "affine") {
      const format = mode === "mxfp4" ? "F4_E2M1" : "F8_E4M3";
      addScaled(parts, { name, shape, codes: codes.source, format, scales, block: [1, groupSize] });
      continue;
    }
    parts.packed.push({
      name,
      source: {
        ...{
          kind: "affine",
          shape,
          codes: codes.source,
          bits,
          packing: "rows",
          groupSize,
          scales: scales.source,
        },
        offset: { kind: "biases", biases: parts.take(`${layer}.biases`).source },
      },
      quantization: {
        bits,
        codes: "integer",
        axis: 1,
        groupSize,
        groupRows: 1,
        offset: "minimum",
        indexed: false,
      },
    });
  }
  for (const layer of parts.endingWith(".weight")) {
    if (parts.dtypeOf(`${layer}.weight`) === "U32" && parts.dtypeOf(`${layer}.scales`) === undefined) {
      throw packedInvalid(`${layer}.scales`, "is not there, and a quantized weight needs it");
    }
  }
}
