import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Segment, writeSegments } from "@pippin/kernels/node";
import { expect } from "vitest";
import { DTYPES, type Dtype, type FloatDtype } from "../../src/dtype.ts";
import type { GridEncoding } from "../../src/grid.ts";
import { plainCastToF32 } from "../../src/plain/cast.ts";
import { f16Code, f16Value } from "../../src/plain/float16.ts";
import type { WeightExpr, WeightOp } from "../../src/weight-expr.ts";
import { randomFrom, temporaryFolder } from "./weight-file.ts";

/** Where blocks hold their F16 numbers. */
const HALVES: Partial<Record<Dtype, readonly number[]>> = {
  ...{ Q4_0: [0], Q4_1: [0, 2], Q5_0: [0], Q5_1: [0, 2], Q8_0: [0] },
  ...{ Q2_K: [80, 82], Q3_K: [108], Q4_K: [0, 2], Q5_K: [0, 2], Q6_K: [208] },
};

/** Random blocks whose scales are small numbers of both signs, some of them zeros. */
function blocks(dtype: FloatDtype, elements: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = randomFrom(seed);
  const { blockBytes, blockElements } = DTYPES[dtype];
  const bytes = Uint8Array.from({ length: (elements / blockElements) * blockBytes }, () => random() * 256);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += blockBytes) {
    for (const place of HALVES[dtype] ?? []) {
      const zero = random() < 0.05;
      // 0.002 … 0.03; minima of Q4_1 and Q5_1 are negative as a rule.
      const code = 0x1800 + Math.floor(random() * 0x1000);
      const negative = place === 2 && dtype.endsWith("_1") ? random() < 0.9 : random() < 0.1;
      view.setUint16(at + place, zero ? 0 : code | (negative ? 0x8000 : 0), true);
    }
  }
  return bytes;
}

export interface Written {
  readonly values: Float32Array;
  readonly scales: Float32Array;
  readonly codes: Int16Array;
  readonly report: Awaited<ReturnType<typeof writeSegments>>;
}

/** Writes a weight on its own grid and decodes the file by the definition of the operation. */
export async function written(expr: WeightExpr, encoding: GridEncoding): Promise<Written> {
  const path = join(temporaryFolder(), "out.bin");
  const segments: Segment[] = [
    { kind: "zeros", byteLength: 3 },
    { kind: "encodedPart", of: "w", part: "scale" },
    { kind: "encoded", id: "w", expr, encoding },
  ];
  if (encoding.offset !== "none") segments.push({ kind: "encodedPart", of: "w", part: "offset" });
  const report = await writeSegments(path, segments, { overflow: "error" });
  const bytes = new Uint8Array(readFileSync(path)).slice(3);
  const view = new DataView(bytes.buffer);
  const [rows = 0, columns = 0] = expr.shape;
  const elements = rows * columns;
  const groups = elements / encoding.groupSize;
  const bits = encoding.dtype.endsWith("4") ? 4 : 8;
  const codeAt = (begin: number, index: number, signed: boolean) => {
    const code =
      bits === 8 ? bytes[begin + index]! : (bytes[begin + (index >> 1)]! >> (4 * (index & 1))) & 15;
    return signed && code >= 2 ** (bits - 1) ? code - 2 ** bits : code;
  };
  const codesAt = 2 * groups;
  const offsetsAt = codesAt + (elements * bits) / 8;
  const offsets = { none: 0, float: 2 * groups, integer: Math.ceil((groups * bits) / 8) }[encoding.offset];
  expect(bytes.length).toBe(offsetsAt + offsets);
  const scales = Float32Array.from({ length: groups }, (_, i) => f16Value(view.getUint16(2 * i, true)));
  const codes = Int16Array.from({ length: elements }, (_, i) =>
    codeAt(codesAt, i, encoding.dtype.startsWith("int")),
  );
  const offsetOf = (group: number) => {
    if (encoding.offset === "integer") return codeAt(offsetsAt, group, false);
    return encoding.offset === "none" ? 0 : f16Value(view.getUint16(offsetsAt + 2 * group, true));
  };
  const values = Float32Array.from(codes, (code, i) => {
    const group = Math.floor(i / encoding.groupSize);
    return scales[group]! * (code - offsetOf(group)) + 0; // no −0
  });
  return { values, scales, codes, report };
}

export function weight(dtype: FloatDtype, shape: [number, number], ops: WeightOp[] = []) {
  const bytes = blocks(dtype, shape[0] * shape[1], 3);
  const file = join(temporaryFolder(), "model.bin");
  writeFileSync(file, bytes);
  const source = { file, byteOffset: 0, byteLength: bytes.length, dtype, shape };
  return { expr: { source, ops, shape } satisfies WeightExpr, values: plainCastToF32(bytes, dtype) };
}

/** A weight of one kind of block, whose F16 numbers are given block by block. */
export function weightOf(dtype: FloatDtype, shape: [number, number], halves: readonly (readonly number[])[]) {
  const { blockBytes } = DTYPES[dtype];
  const bytes = blocks(dtype, shape[0] * shape[1], 11);
  const view = new DataView(bytes.buffer);
  for (let at = 0, block = 0; at < bytes.length; at += blockBytes, block++) {
    const given = halves[block % halves.length]!;
    for (const [i, place] of HALVES[dtype]!.entries()) view.setUint16(at + place, f16Code(given[i]!), true);
  }
  const file = join(temporaryFolder(), "model.bin");
  writeFileSync(file, bytes);
  const source = { file, byteOffset: 0, byteLength: bytes.length, dtype, shape };
  return { expr: { source, ops: [], shape } satisfies WeightExpr, values: plainCastToF32(bytes, dtype) };
}
