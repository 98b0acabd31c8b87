import { type Shape, tensorType } from "../mil/types.ts";
import { DATA_TYPE, type DataTypeName, type Value } from "../proto/mil.ts";
import type { Blob } from "./blob-layout.ts";

export const WEIGHT_FILE = "@model_path/weights/weight.bin";

export function textValue(text: string): Value {
  return {
    type: { tensorType: { dataType: DATA_TYPE.STRING, rank: 0, dimensions: [] } },
    immediateValue: { tensor: { strings: { values: [text] } } },
  };
}

/** The content of a blob of the weight file. */
export function blobValue({ dtype, shape, recordOffset: offset }: Blob): Value {
  return { type: tensorType(dtype, shape), blobFileValue: { fileName: WEIGHT_FILE, offset } };
}

/** A short constant; `bytes` are little-endian, as the weight file would hold them. */
export function immediateValue(
  dtype: DataTypeName,
  shape: Shape,
  { values, bytes }: { readonly values: ArrayLike<number>; readonly bytes: Uint8Array },
): Value {
  const type = tensorType(dtype, shape);
  switch (dtype) {
    case "FLOAT16":
    case "INT8":
    case "UINT8":
    case "UINT32":
      return { type, immediateValue: { tensor: { bytes: { values: bytes } } } };
    case "BOOL":
      return { type, immediateValue: { tensor: { bools: { values: Array.from(values, Boolean) } } } };
    case "INT32":
      return { type, immediateValue: { tensor: { ints: { values } } } };
    default:
      throw new TypeError(`constants of type ${dtype} are not written`);
  }
}
