import type { PackedSource, PartSource } from "@pippin/kernels";
import { coremlError } from "../errors.ts";
import { type Constant, constantOf } from "../mil/constants.ts";
import { countOf, milTypeOf, packedBytes } from "../mil/types.ts";
import type { DataTypeName, Operation } from "../proto/mil.ts";
import { readBlobRecord } from "./blob-file.ts";
import type { CoremlPackage } from "./read-package.ts";

/** Types of data that scales and tables may have, as kernels spell them. */
const FLOATS: Partial<Record<DataTypeName, PartSource["dtype"]>> = { FLOAT16: "F16", FLOAT32: "F32" };

/**
 * Where a compressed matrix lies and how it is decoded. iOS 18 has its parts as inputs of the operation, iOS 16 and 17
 * as attributes (source: coremltools' definitions of the constexpr operations).
 *
 * @throws PippinError `COREML_OP_UNSUPPORTED` for forms that are not read: other ranks than 2, vector palettes, parts that
 *   are not in the weight file; `COREML_WEIGHTS_INVALID`, `COREML_PROGRAM_INVALID`.
 */
export async function compressedSource(opened: CoremlPackage, operation: Operation): Promise<PackedSource> {
  const parts = new Parts(opened, operation);
  switch (operation.type) {
    case "constexpr_blockwise_shift_scale":
      return blockwise(parts);
    case "constexpr_lut_to_dense":
      return palette(parts);
    default:
      return affine(parts);
  }
}

/** The named constants of one operation. */
class Parts {
  readonly name: string;
  readonly shape: readonly [rows: number, columns: number];
  readonly #opened: CoremlPackage;
  readonly #operation: Operation;

  constructor(opened: CoremlPackage, operation: Operation) {
    this.#opened = opened;
    this.#operation = operation;
    const [output] = operation.outputs;
    this.name = output?.name ?? "";
    const { shape } = milTypeOf(output?.type, this.name);
    const [rows, columns] = shape;
    if (shape.length !== 2 || !rows || !columns) throw this.unsupported(`of shape [${shape}]`);
    this.shape = [rows, columns];
  }

  constant(part: string): Constant | undefined {
    const value =
      this.#operation.inputs.get(part)?.arguments[0]?.value ?? this.#operation.attributes.get(part);
    return value && constantOf(value, `${part} of ${this.name}`);
  }

  need(part: string): Constant {
    const constant = this.constant(part);
    if (constant === undefined) throw this.unsupported(`whose ${part} is not a constant of its own`);
    return constant;
  }

  /** Where a part lies, as the kernels' type `dtype` in `shape`; default: bytes. Short ones are in the program. */
  async source(part: string, as?: Pick<PartSource, "dtype" | "shape">): Promise<PartSource> {
    const { type, content } = this.need(part);
    if (content.kind === "strings" || content.kind === "compressed")
      throw this.unsupported(`whose ${part} is not a plain constant`);
    if (content.kind === "numbers") {
      const { buffer, byteOffset: at, byteLength } = content.values;
      const expected = packedBytes(type.dtype as Exclude<DataTypeName, "STRING">, countOf(type.shape, part));
      if (byteLength !== expected) throw this.unsupported(`whose ${part} are not written as bytes`);
      const inline = new Uint8Array(buffer, at, byteLength);
      const { path: file } = this.#opened;
      return { file, byteOffset: 0, byteLength, inline, ...(as ?? { dtype: "U8", shape: [byteLength] }) };
    }
    const record = await readBlobRecord(await this.#opened.weights(content.fileName), content.offset);
    const byteLength = packedBytes(type.dtype as Exclude<DataTypeName, "STRING">, countOf(type.shape, part));
    if (record.dtype !== type.dtype || record.byteLength !== byteLength) {
      throw coremlError("COREML_WEIGHTS_INVALID", {
        message: `the blob of ${part} of ${this.name} has ${record.byteLength} bytes of ${record.dtype}, the program says ${byteLength} of ${type.dtype}`,
        hint: "The package is damaged: convert it again.",
      });
    }
    const file = this.#opened.weightPath(content.fileName);
    const { byteOffset } = record;
    return { file, byteOffset, byteLength, ...(as ?? { dtype: "U8", shape: [byteLength] }) };
  }

  /** The content of a short part. */
  async bytes(part: string): Promise<Uint8Array> {
    const { inline, byteOffset, byteLength } = await this.source(part);
    if (inline !== undefined) return inline;
    const { content } = this.need(part);
    const file = content.kind === "blob" ? content.fileName : "";
    return (await this.#opened.weights(file)).read(byteOffset, byteLength);
  }

  /** Scales, offsets, tables. */
  floats(part: string, shape: readonly number[]): Promise<PartSource> {
    const dtype = FLOATS[this.need(part).type.dtype];
    if (dtype === undefined) throw this.unsupported(`whose ${part} are ${this.need(part).type.dtype}`);
    return this.source(part, { dtype, shape });
  }

  unsupported(reason: string) {
    return coremlError("COREML_OP_UNSUPPORTED", {
      message: `${this.#operation.type} ${this.name}: a weight ${reason} is not read`,
      hint: "Pippin reads matrices that it or coremltools compressed, with a scale or a table for blocks of them.",
      details: { operation: this.name },
    });
  }
}

async function blockwise(parts: Parts): Promise<PackedSource> {
  const [rows, columns] = parts.shape;
  const { dtype } = parts.need("data").type;
  const counts = parts.need("scale").type.shape.map((size) => size ?? 0);
  const [rowBlocks = 0, columnBlocks = 0] = counts;
  const block = [rows / rowBlocks, columns / columnBlocks] as const;
  if (counts.length !== 2 || !block.every(Number.isInteger)) {
    throw parts.unsupported(`of shape [${parts.shape}] with scales [${counts}]`);
  }
  const scales = await parts.floats("scale", counts);
  const offset = parts.constant("offset");
  if ((dtype === "INT8" || dtype === "INT4") && offset === undefined) {
    const codes =
      dtype === "INT8"
        ? await parts.source("data", { dtype: "I8", shape: parts.shape })
        : await parts.source("data");
    return {
      kind: "scaled",
      shape: parts.shape,
      format: dtype === "INT8" ? "I8" : "I4",
      codes,
      block,
      scales,
    };
  }
  if (dtype !== "UINT8" && dtype !== "UINT4") throw parts.unsupported(`of ${dtype} with an offset`);
  return {
    kind: "affine",
    shape: parts.shape,
    bits: dtype === "UINT8" ? 8 : 4,
    packing: "rows",
    groupRows: block[0],
    groupSize: block[1],
    codes: await parts.source("data"),
    scales,
    offset: await offsetOf(parts, counts),
  };
}

async function offsetOf(parts: Parts, counts: readonly number[]) {
  const offset = parts.constant("offset");
  if (offset === undefined) return { kind: "zeroPoint", value: 0 } as const;
  if (FLOATS[offset.type.dtype] !== undefined)
    return { kind: "zeroValues", zeros: await parts.floats("offset", counts) } as const;
  return { kind: "zeroPoints", zeros: await parts.source("offset"), added: 0 } as const;
}

async function palette(parts: Parts): Promise<PackedSource> {
  const [rows] = parts.shape;
  const table = parts.need("lut").type.shape.map((size) => size ?? 0);
  // iOS 18: [groups of rows, groups of columns, entries, vector size]; before: [entries].
  const [groups = 0, columnGroups = 0, entries = 0, vector = 0] =
    table.length === 1 ? [1, 1, table[0], 1] : table;
  const bits = Math.log2(entries);
  const plain = (table.length === 1 || table.length === 4) && columnGroups === 1 && vector === 1;
  if (!plain || ![1, 2, 3, 4, 6, 8].includes(bits) || rows % groups !== 0) {
    throw parts.unsupported(`of shape [${parts.shape}] with tables [${table}]`);
  }
  return {
    kind: "palette",
    shape: parts.shape,
    bits: bits as 1 | 2 | 3 | 4 | 6 | 8,
    groupRows: rows / groups,
    codes: await parts.source("indices"),
    table: await parts.floats("lut", [groups, entries]),
  };
}

async function affine(parts: Parts): Promise<PackedSource> {
  const [rows, columns] = parts.shape;
  const { dtype } = parts.need("quantized_data").type;
  const scale = parts.need("scale").type.shape;
  const perRow = scale.length === 1 && rows > 1;
  const axis = parts.need("axis").content;
  const alongRows = axis.kind === "numbers" && (axis.values[0] === 0 || axis.values[0] === -2);
  if (perRow && !(alongRows && scale[0] === rows)) throw parts.unsupported("with scales along its columns");
  const counts = [perRow ? rows : 1, 1];
  const scales = await parts.floats("scale", counts);
  const block = [perRow ? 1 : rows, columns] as const;
  return affineParts(parts, { dtype, block, scales });
}

async function affineParts(
  parts: Parts,
  { dtype, block, scales }: { dtype: DataTypeName; block: readonly [number, number]; scales: PartSource },
): Promise<PackedSource> {
  const { shape } = parts;
  const zero = parts.need("zero_point");
  if (dtype === "INT8") {
    // The operation wants zero points; symmetric weights have zeros.
    const bytes = await parts.bytes("zero_point");
    if (bytes.some((byte) => byte !== 0)) throw parts.unsupported("of int8 with zero points");
    const codes = await parts.source("quantized_data", { dtype: "I8", shape });
    return { kind: "scaled", shape, format: "I8", codes, block, scales };
  }
  const value = zero.content.kind === "numbers" ? (zero.content.values[0] ?? 0) : 0;
  return {
    kind: "affine",
    shape,
    ...{ bits: 8, packing: "rows", groupRows: block[0], groupSize: block[1] },
    codes: await parts.source("quantized_data"),
    scales,
    offset:
      zero.content.kind === "blob"
        ? { kind: "zeroPoints", zeros: await parts.source("zero_point"), added: 0 }
        : { kind: "zeroPoint", value },
  };
}
