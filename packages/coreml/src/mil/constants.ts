import { coremlError } from "../errors.ts";
import type { Operation, TensorValue, Value } from "../proto/mil.ts";
import { countOf, type MilType, milTypeOf, packedBytes } from "./types.ts";

/** Content of a constant: numbers in their own array type, text, or a place in the weight file. */
export type ConstantContent =
  | { readonly kind: "numbers"; readonly values: NumberArray }
  | { readonly kind: "strings"; readonly values: readonly string[] }
  | { readonly kind: "blob"; readonly fileName: string; readonly offset: number }
  /** A weight that a constexpr operation makes from compressed constants. */
  | { readonly kind: "compressed"; readonly operation: Operation };

/** fp16 is kept as its 16-bit codes; bool as 0 and 1; types below a byte as packed bytes. */
export type NumberArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

export interface Constant {
  readonly type: MilType;
  readonly content: ConstantContent;
}

/** Operations whose result is a weight, made from compressed constants. */
const COMPRESSED: ReadonlySet<string> = new Set([
  "constexpr_blockwise_shift_scale",
  "constexpr_lut_to_dense",
  "constexpr_affine_dequantize",
]);

/** Whether operations of this type give a constant: written out, or made from compressed parts. */
export function isConstant(type = ""): boolean {
  return type === "const" || COMPRESSED.has(type);
}

/**
 * The constant that an operation gives.
 *
 * @throws PippinError `COREML_PROGRAM_INVALID`.
 */
export function constantFrom(operation: Operation): Constant {
  const [output] = operation.outputs;
  const name = output?.name ?? "";
  if (operation.type === "const") return constantOf(operation.attributes.get("val"), name);
  return { type: milTypeOf(output?.type, name), content: { kind: "compressed", operation } };
}

/**
 * Reads a `Value` of the program without touching the weight file.
 *
 * @throws PippinError `COREML_PROGRAM_INVALID` when content and type disagree.
 */
export function constantOf(value: Value | undefined, what: string): Constant {
  const type = milTypeOf(value?.type, what);
  const blob = value?.blobFileValue;
  if (blob !== undefined) {
    return { type, content: { kind: "blob", fileName: blob.fileName ?? "", offset: blob.offset ?? 0 } };
  }
  const tensor = value?.immediateValue?.tensor;
  if (tensor === undefined) throw invalid(what, "has no content");
  if (type.dtype === "STRING")
    return { type, content: { kind: "strings", values: tensor.strings?.values ?? [] } };
  const values = numbersOf(tensor, type, what);
  return { type, content: { kind: "numbers", values } };
}

function numbersOf(tensor: TensorValue, type: MilType, what: string): NumberArray {
  const count = countOf(type.shape, what);
  if (tensor.bytes !== undefined) return typedBytes(tensor.bytes.values ?? new Uint8Array(0), type, what);
  const list =
    tensor.floats?.values ??
    tensor.ints?.values ??
    tensor.longInts?.values ??
    tensor.doubles?.values ??
    tensor.bools?.values ??
    [];
  if (list.length !== count) throw invalid(what, `has ${list.length} elements, its type says ${count}`);
  return arrayFor(type.dtype, list as ArrayLike<number>);
}

/** Little-endian raw content, copied so that the array is aligned. */
function typedBytes(bytes: Uint8Array, type: MilType, what: string): NumberArray {
  if (type.dtype === "STRING") throw invalid(what, "is text stored as bytes");
  const expected = packedBytes(type.dtype, countOf(type.shape, what));
  if (bytes.byteLength !== expected)
    throw invalid(what, `has ${bytes.byteLength} bytes, its type says ${expected}`);
  return viewAs(type.dtype, bytes.slice().buffer);
}

/** The array type of raw little-endian data. */
export function viewAs(dtype: MilType["dtype"], buffer: ArrayBufferLike): NumberArray {
  switch (dtype) {
    case "FLOAT16":
    case "BFLOAT16":
    case "UINT16":
      return new Uint16Array(buffer);
    case "FLOAT32":
      return new Float32Array(buffer);
    case "FLOAT64":
      return new Float64Array(buffer);
    case "INT16":
      return new Int16Array(buffer);
    case "INT32":
      return new Int32Array(buffer);
    case "UINT32":
      return new Uint32Array(buffer);
    case "INT8":
      return new Int8Array(buffer);
    default:
      return new Uint8Array(buffer);
  }
}

function arrayFor(dtype: MilType["dtype"], list: ArrayLike<number>): NumberArray {
  switch (dtype) {
    case "FLOAT32":
      return Float32Array.from(list);
    case "FLOAT64":
      return Float64Array.from(list);
    case "BOOL":
      return Uint8Array.from(list, Number);
    default:
      return Int32Array.from(list);
  }
}

function invalid(what: string, reason: string) {
  return coremlError("COREML_PROGRAM_INVALID", {
    message: `the program is malformed: ${what} ${reason}`,
    hint: "The package is damaged, or a tool wrote it wrongly: convert it again.",
  });
}
