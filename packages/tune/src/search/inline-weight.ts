import { type PackedSource, type PartSource, toF16, type WeightExpr } from "@pippin/kernels";
import { readWeight } from "@pippin/kernels/node";
import { type MatrixEncoding, type PaletteEncoding, palettize, quantizeLinear } from "@pippin/quantize";

/**
 * A weight as an encoding stores it, in memory: the same values as a package gives, but for their rounding to F16.
 *
 * @param encoding - `undefined` (F16) and the checkpoint's own grid leave the weight as it is.
 */
export async function encodedWeight(
  expr: WeightExpr,
  encoding: MatrixEncoding | undefined,
  role: string,
): Promise<WeightExpr> {
  if (encoding === undefined || encoding.kind === "grid") return expr;
  if (encoding.kind === "mlc") throw new TypeError("formats of MLC are not searched");
  const [rows = 0, columns = 0] = expr.shape;
  const shape = [rows, columns] as const;
  const codes = toF16(await readWeight(expr));
  if (encoding.kind === "palette") {
    const { indices, lut, groups } = palettize(codes, shape, paletteOf(encoding), { name: role });
    const table = part("F16", [groups, 2 ** encoding.bits], bytesOf(lut));
    const source: PackedSource = {
      ...{ kind: "palette", shape, codes: stream(indices), bits: encoding.bits },
      ...{ groupRows: rows / groups, table },
    };
    return { source, ops: [], shape };
  }
  const { data, scale, offset } = quantizeLinear(codes, shape, encoding, { name: role });
  const groups = scale.length / rows;
  const scales = part("F16", [rows, groups], bytesOf(scale));
  const bits = encoding.dtype.endsWith("4") ? 4 : 8;
  if (offset !== undefined) {
    const zeros = { kind: "zeroPoints", zeros: stream(offset), added: 0 } as const;
    const common = {
      shape,
      codes: stream(data),
      bits,
      packing: "rows",
      groupSize: columns / groups,
    } as const;
    return { source: { kind: "affine", ...common, scales, offset: zeros }, ops: [], shape };
  }
  const signed = bits === 4 ? stream(data) : part("I8", shape, data);
  const format = bits === 4 ? "I4" : "I8";
  const block = [1, columns / groups] as const;
  return { source: { kind: "scaled", shape, codes: signed, format, block, scales }, ops: [], shape };
}

/** The palettes of `@pippin/quantize` name their group size. */
function paletteOf({ bits, ...rest }: Extract<MatrixEncoding, { kind: "palette" }>): PaletteEncoding {
  if (rest.granularity === "per_tensor") return { kind: "palette", bits, granularity: "per_tensor" };
  const groupSize = "groupSize" in rest ? (rest.groupSize ?? 32) : 32;
  return { kind: "palette", bits, granularity: "per_grouped_channel", groupSize };
}

function stream(bytes: Uint8Array): PartSource {
  return part("U8", [bytes.length], bytes);
}

function part(dtype: PartSource["dtype"], shape: readonly number[], inline: Uint8Array): PartSource {
  return { file: "memory", byteOffset: 0, byteLength: inline.byteLength, dtype, shape, inline };
}

function bytesOf(codes: Uint16Array): Uint8Array {
  return new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength);
}
