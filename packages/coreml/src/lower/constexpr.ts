import type { Operation, Value } from "../proto/mil.ts";
import type { Blob } from "./blob-layout.ts";
import type { EncodedWeight } from "./stored-weight.ts";
import { blobValue, immediateValue } from "./values.ts";

/** An operation that makes a dense weight of stored parts. */
export interface Constexpr {
  readonly operation: string;
  readonly inputs?: Operation["inputs"];
  readonly attributes?: readonly [string, Value][];
}

/** The parts are inputs of the operation in iOS 18, before they are attributes. */
export function constexprOf(stored: EncodedWeight, opset: string): Constexpr {
  const palette = stored.encoding.kind === "palette";
  if (opset >= "CoreML8") return palette ? lutToDense(stored) : blockwiseShiftScale(stored);
  return palette ? flatLutToDense(stored) : affineDequantize(stored);
}

/** scale · (data − offset), with a scale for each block. */
function blockwiseShiftScale({ codes, parts: { scale, offset } }: EncodedWeight): Constexpr {
  return inputsOf("constexpr_blockwise_shift_scale", { data: codes, scale, offset });
}

/** lut[index], with a table for each group of rows. */
function lutToDense({ codes, parts: { lut } }: EncodedWeight): Constexpr {
  return inputsOf("constexpr_lut_to_dense", { indices: codes, lut });
}

function inputsOf(operation: string, blobs: Readonly<Record<string, Blob | undefined>>): Constexpr {
  const inputs: Operation["inputs"] = new Map();
  for (const [name, blob] of Object.entries(blobs)) {
    if (blob !== undefined) inputs.set(name, { arguments: [{ value: blobValue(blob) }] });
  }
  return { operation, inputs };
}

/** scale · (quantized_data − zero_point), with a scale for each row or one; the zero points are never missing. */
function affineDequantize({ shape: [rows], codes, parts: { scale, offset } }: EncodedWeight): Constexpr {
  const zero = immediateValue(codes.dtype, [], { values: [0], bytes: new Uint8Array(1) });
  const axis = immediateValue("INT32", [], { values: [0], bytes: new Uint8Array(4) });
  const vector = (blob: Blob) => blobValue({ ...blob, shape: scale!.shape[0] === rows ? [rows] : [] });
  return {
    operation: "constexpr_affine_dequantize",
    attributes: [
      ["quantized_data", blobValue(codes)],
      ["scale", vector(scale!)], // every linear encoding has one
      ["zero_point", offset ? vector(offset) : zero],
      ["axis", axis],
    ],
  };
}

/** lut[index] with one table; the indices are bytes that hold the packed bits. */
function flatLutToDense({ shape, codes, parts: { lut } }: EncodedWeight): Constexpr {
  const sizes = Uint32Array.from(shape);
  return {
    operation: "constexpr_lut_to_dense",
    attributes: [
      ["indices", blobValue(codes)],
      ["lut", blobValue({ ...lut!, shape: [lut!.shape[2]!] })], // a palette has its table
      ["shape", immediateValue("UINT32", [2], { values: sizes, bytes: littleEndian(sizes) })],
    ],
  };
}

function littleEndian(values: Uint32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => void view.setUint32(4 * i, value, true));
  return new Uint8Array(view.buffer);
}
