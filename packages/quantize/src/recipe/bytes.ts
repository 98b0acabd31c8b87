import { elementCount, hasOffset, linearGroupSize, linearRange, packedBytes } from "@pippin/kernels";
import type { MatrixEncoding } from "./recipe.ts";

/**
 * Bytes of a matrix in an encoding: its codes with their scales, offsets or tables; `undefined` is F16. Without the padding
 * of a file.
 */
export function encodedBytes(shape: readonly number[], encoding: MatrixEncoding | undefined): number {
  const elements = elementCount(shape);
  const [rows = 0, columns = 0] = shape;
  switch (encoding?.kind) {
    case undefined:
      return 2 * elements;
    case "linear": {
      const range = linearRange(encoding);
      const groups = elements / linearGroupSize(encoding, rows, columns);
      const offsets = hasOffset(range) ? packedBytes(groups, range.bits) : 0;
      return packedBytes(elements, range.bits) + 2 * groups + offsets;
    }
    case "palette": {
      const groups = encoding.granularity === "per_tensor" ? 1 : rows / (encoding.groupSize ?? 1);
      return packedBytes(elements, encoding.bits) + groups * 2 * 2 ** encoding.bits;
    }
    case "grid": {
      const bits = encoding.dtype.endsWith("4") ? 4 : 8;
      const groups = elements / encoding.groupSize;
      const offsets = { none: 0, float: 2 * groups, integer: packedBytes(groups, bits) };
      return packedBytes(elements, bits) + 2 * groups + offsets[encoding.offset];
    }
    case "mlc":
      throw new TypeError("MLC's formats are sized by the mlc backend");
  }
}
