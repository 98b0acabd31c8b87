import type { PackedParts } from "./packed-tensors.ts";
import { packedInvalid } from "./packed-tensors.ts";
import { addScaled } from "./scaled.ts";

/** Values that share a scale, and the bytes they take. */
const GROUP = 32;
const GROUP_BYTES = 16;

/**
 * MXFP4 as gpt-oss stores it: `X_blocks` U8 `[rows, groups, 16]`, two E2M1 codes a byte, the low nibble first, and
 * `X_scales` U8 `[rows, groups]`, E8M0. Stacked experts, which have an axis more, stay as they are.
 */
export function mxfp4Tensors(parts: PackedParts): void {
  for (const name of parts.endingWith("_blocks")) {
    if (parts.rankOf(`${name}_blocks`) !== 3) continue;
    const codes = parts.take(`${name}_blocks`);
    const scales = parts.take(`${name}_scales`);
    const [rows = 0, groups = 0, bytes] = codes.shape;
    const fits = scales.shape.length === 2 && scales.shape[0] === rows && scales.shape[1] === groups;
    if (bytes !== GROUP_BYTES || codes.dtype !== "U8" || scales.dtype !== "U8" || !fits) {
      const found = `${codes.dtype} [${codes.shape.join(", ")}] with ${scales.dtype} [${scales.shape.join(", ")}]`;
      throw packedInvalid(codes.name, `is ${found}, which are no groups of ${GROUP} values`);
    }
    const shape = [rows, groups * GROUP];
    addScaled(parts, { name, shape, codes: codes.source, format: "F4_E2M1", scales, block: [1, GROUP] });
  }
}
