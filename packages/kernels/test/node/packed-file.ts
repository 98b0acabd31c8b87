import { appendFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { byteLengthOf, type Dtype, elementCount, type FloatDtype } from "../../src/dtype.ts";
import { plainCastToF32 } from "../../src/plain/cast.ts";
import { PLAIN_FLOATS, plainAffine, plainCode } from "../../src/plain/packed.ts";
import type { AffineSource, PackedSource, ScaledSource, TensorSource } from "../../src/weight-expr.ts";
import { randomFrom, temporaryFolder, tensorBytes } from "./weight-file.ts";

/** A packed matrix in a file, and what it must decode to. */
export interface PackedFile<Source extends PackedSource = PackedSource> {
  readonly source: Source;
  readonly values: Float32Array;
}

/** Collects tensors in one file. */
class TensorFile {
  readonly #file = join(temporaryFolder(), "packed.bin");

  constructor() {
    writeFileSync(this.#file, Buffer.alloc(13, 0xff));
  }

  add(dtype: Dtype, shape: readonly number[], bytes: Uint8Array): TensorSource {
    const byteOffset = statSync(this.#file).size;
    appendFileSync(this.#file, bytes);
    return {
      file: this.#file,
      byteOffset,
      byteLength: byteLengthOf(dtype, elementCount(shape)),
      dtype,
      shape,
    };
  }
}

function randomBytes(byteLength: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = randomFrom(seed);
  return Uint8Array.from({ length: byteLength }, () => random() * 256);
}

export interface AffineCase {
  readonly rows: number;
  readonly columns: number;
  readonly bits: AffineSource["bits"];
  readonly groupSize: number;
  readonly packing: AffineSource["packing"];
  readonly offset: Exclude<AffineSource["offset"]["kind"], "zeroValues">;
  readonly scaleDtype?: FloatDtype;
  readonly added?: 0 | 1;
  readonly actOrder?: boolean;
}

/** AWQ's order: nibble i of a word is row `AWQ_ROWS[i]` of its eight. */
const AWQ_ROWS = [0, 2, 4, 6, 1, 3, 5, 7];

/** Random tensors of an affine source, and their meaning element by element. */
export function affineFile(given: AffineCase): PackedFile<AffineSource> {
  const { rows, columns, bits, groupSize, packing, offset, added = 0, scaleDtype = "F16" } = given;
  const file = new TensorFile();
  const groups = Math.ceil(columns / groupSize);
  const scaleShape = packing === "rows" ? [rows, groups] : [groups, rows];
  const scaleBytes = tensorBytes(scaleDtype, scaleShape, 5);
  const biasBytes = tensorBytes(scaleDtype, scaleShape, 6);
  const codeBytes = randomBytes((rows * columns * bits) / 8, 7);
  const zeroBytes = randomBytes((groups * rows * bits) / 8, 8);
  const random = randomFrom(9);
  const index = Int32Array.from({ length: columns }, () => random() * groups);
  const words = (count: number) => (count * bits) / 32;
  const codeShape = {
    rows: [rows, words(columns)],
    gptq: [words(columns), rows],
    awq: [columns, words(rows)],
  }[packing];
  const scales = file.add(scaleDtype, scaleShape, scaleBytes);
  const biases = file.add(scaleDtype, scaleShape, biasBytes);
  const zeros = file.add("I32", [groups, words(rows)], zeroBytes);
  const source: AffineSource = {
    kind: "affine",
    shape: [rows, columns],
    codes: file.add(packing === "rows" ? "U32" : "I32", codeShape, codeBytes),
    ...{ bits, packing, groupSize, scales },
    offset: {
      biases: { kind: "biases", biases },
      zeroPoints: { kind: "zeroPoints", zeros, added },
      zeroPoint: { kind: "zeroPoint", value: 2 ** (bits - 1) },
    }[offset] as AffineSource["offset"],
    ...(given.actOrder && { groupIndex: file.add("I32", [columns], new Uint8Array(index.buffer)) }),
  };
  const scaleValues = plainCastToF32(scaleBytes, scaleDtype);
  const biasValues = plainCastToF32(biasBytes, scaleDtype);
  const awqCode = (bytes: Uint8Array, line: number, row: number) =>
    plainCode(bytes, line * rows + row - (row % 8) + AWQ_ROWS.indexOf(row % 8), 4);
  const codeAt = (row: number, column: number) => {
    if (packing === "rows") return plainCode(codeBytes, row * columns + column, bits);
    if (packing === "awq") return awqCode(codeBytes, column, row);
    // The stream of a row goes on in the next row of words.
    let code = 0;
    for (let bit = 0; bit < bits; bit++) {
      const place = column * bits + bit;
      const byte = codeBytes[4 * (Math.floor(place / 32) * rows + row) + ((place % 32) >> 3)]!;
      code |= ((byte >> (place % 8)) & 1) << bit;
    }
    return code;
  };
  const zeroAt = (row: number, group: number) => {
    if (offset !== "zeroPoints") return offset === "zeroPoint" ? 2 ** (bits - 1) : 0;
    const code =
      packing === "awq" ? awqCode(zeroBytes, group, row) : plainCode(zeroBytes, group * rows + row, bits);
    return (code + added) % 2 ** bits;
  };
  const values = Float32Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    const group = given.actOrder ? index[column]! : Math.floor(column / groupSize);
    const place = packing === "rows" ? row * groups + group : group * rows + row;
    const bias = offset === "biases" ? biasValues[place]! : -0;
    return plainAffine(codeAt(row, column), { scale: scaleValues[place]!, zero: zeroAt(row, group), bias });
  });
  return { source, values };
}

export interface ScaledCase {
  readonly rows: number;
  readonly columns: number;
  readonly format: Exclude<ScaledSource["format"], "I4">;
  readonly block: ScaledSource["block"];
  readonly scaleDtype: "F32" | "BF16" | "F16" | "U8" | "F8_E8M0";
}

/** Random tensors of a scaled source without NaN, and their meaning element by element. */
export function scaledFile({
  rows,
  columns,
  format,
  block,
  scaleDtype,
}: ScaledCase): PackedFile<ScaledSource> {
  const file = new TensorFile();
  const four = format === "F4_E2M1";
  const isExponent = scaleDtype === "U8" || scaleDtype === "F8_E8M0";
  const codeBytes = randomBytes(four ? (rows * columns) / 2 : rows * columns, 3).map((code) =>
    // No NaN and no infinity, which have tests of their own.
    four || format === "I8" || (code & 127) < 120 ? code : code & 7,
  );
  const shape = [Math.ceil(rows / block[0]), Math.ceil(columns / block[1])];
  const scaleBytes = isExponent
    ? randomBytes(elementCount(shape), 4).map((byte) => 110 + (byte & 15))
    : tensorBytes(scaleDtype, shape, 4);
  const scales = isExponent
    ? Float32Array.from(scaleBytes, PLAIN_FLOATS.F8_E8M0)
    : plainCastToF32(scaleBytes, scaleDtype);
  const values = Float32Array.from({ length: rows * columns }, (_, at) => {
    const code = four ? plainCode(codeBytes, at, 4) : codeBytes[at]!;
    const [row, column] = [Math.floor(at / columns), at % columns];
    const scale = scales[Math.floor(row / block[0]) * shape[1]! + Math.floor(column / block[1])]!;
    return Math.fround(PLAIN_FLOATS[format](code) * scale);
  });
  const codes = file.add(four ? "U8" : format, four ? [rows, columns / 2] : [rows, columns], codeBytes);
  return {
    source: {
      ...{ kind: "scaled", shape: [rows, columns], codes, format, block },
      scales: file.add(scaleDtype, shape, scaleBytes),
    },
    values,
  };
}
