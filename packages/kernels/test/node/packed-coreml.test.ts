import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readRows, readWeight } from "@pippin/kernels/node";
import { expect, test } from "vitest";
import { f16Value } from "../../src/plain/float16.ts";
import { PLAIN_FLOATS, plainAffine, plainCode } from "../../src/plain/packed.ts";
import type { PackedSource, TensorSource } from "../../src/weight-expr.ts";
import { randomFrom, temporaryFolder } from "./weight-file.ts";

// The forms of Core ML: streams of codes that run over the whole matrix, whatever its width.

const ROWS = 6;
const COLUMNS = 1035;
const random = randomFrom(3);
const bytes = (count: number) => Uint8Array.from({ length: count }, () => random() * 256);
const CODES = bytes(ROWS * COLUMNS);
/** Finite and of the magnitude of weights. */
const HALVES = Uint16Array.from({ length: 2048 }, () => 0x2000 + ((random() * 0x1000) | 0));

/** Both behind each other in one file. */
function sources(): {
  readonly codes: (count: number) => TensorSource;
  readonly halves: (...shape: number[]) => TensorSource;
} {
  const file = join(temporaryFolder(), "weights.bin");
  writeFileSync(file, Buffer.concat([CODES, new Uint8Array(HALVES.buffer)]));
  const halvesAt = CODES.byteLength;
  return {
    codes: (count) => ({ file, byteOffset: 0, byteLength: count, dtype: "U8", shape: [count] }),
    halves: (...shape) => {
      const byteLength = 2 * shape.reduce((product, size) => product * size, 1);
      return { file, byteOffset: halvesAt, byteLength, dtype: "F16", shape };
    },
  };
}

async function expectValues(source: PackedSource, valueAt: (row: number, column: number) => number) {
  const expr = { source, ops: [], shape: source.shape };
  const expected = Float32Array.from({ length: ROWS * COLUMNS }, (_, at) => {
    return valueAt(Math.floor(at / COLUMNS), at % COLUMNS);
  });
  const found = await readWeight(expr);
  const wrong = expected.findIndex((value, at) => !Object.is(value, found[at]));
  expect([found.length, wrong, found[wrong]]).toEqual([expected.length, -1, undefined]);
  expect(readRows(expr, [5, 2])).toEqual(
    Float32Array.from([...expected.subarray(5 * COLUMNS), ...expected.subarray(2 * COLUMNS, 3 * COLUMNS)]),
  );
}

test.each([
  ["blocks of 45", [1, 45]],
  ["rows", [1, COLUMNS]],
  ["pairs of rows", [2, COLUMNS]],
  ["the whole", [ROWS, COLUMNS]],
] as const)("int4 with a scale for %s", async (_, block) => {
  const { codes, halves } = sources();
  const groups = [ROWS / block[0], COLUMNS / block[1]] as const;
  const source: PackedSource = {
    ...{ kind: "scaled", shape: [ROWS, COLUMNS], format: "I4", block },
    ...{ codes: codes((ROWS * COLUMNS) / 2), scales: halves(...groups) },
  };
  await expectValues(source, (row, column) => {
    const scale = f16Value(HALVES[Math.floor(row / block[0]) * groups[1] + Math.floor(column / block[1])]!);
    return Math.fround(PLAIN_FLOATS.I4(plainCode(CODES, row * COLUMNS + column, 4)) * scale);
  });
});

test.each([4, 8] as const)("uint%i with zero points of the same bits", async (bits) => {
  const { codes, halves } = sources();
  const [rows, groups] = [2, 23];
  const source: PackedSource = {
    ...{ kind: "affine", shape: [ROWS, COLUMNS], bits, packing: "rows", groupSize: 45, groupRows: 3 },
    ...{ codes: codes((ROWS * COLUMNS * bits) / 8), scales: halves(rows, groups) },
    offset: { kind: "zeroPoints", zeros: codes((rows * groups * bits) / 8), added: 0 },
  };
  await expectValues(source, (row, column) => {
    const at = Math.floor(row / 3) * groups + Math.floor(column / 45);
    const group = { scale: f16Value(HALVES[at]!), zero: plainCode(CODES, at, bits), bias: -0 };
    return plainAffine(plainCode(CODES, row * COLUMNS + column, bits), group);
  });
});

test("uint4 with zero points that are floats", async () => {
  const { codes, halves } = sources();
  const source: PackedSource = {
    ...{ kind: "affine", shape: [ROWS, COLUMNS], bits: 4, packing: "rows", groupSize: 45 },
    ...{ codes: codes((ROWS * COLUMNS) / 2), scales: halves(ROWS, 23) },
    offset: { kind: "zeroValues", zeros: halves(ROWS, 23) },
  };
  await expectValues(source, (row, column) => {
    const scale = f16Value(HALVES[row * 23 + Math.floor(column / 45)]!);
    return plainAffine(plainCode(CODES, row * COLUMNS + column, 4), { scale, zero: scale, bias: -0 });
  });
});

test.each([1, 2, 3, 4, 6, 8] as const)("palettes of %i bits, a table for two rows", async (bits) => {
  const { codes, halves } = sources();
  const source: PackedSource = {
    ...{ kind: "palette", shape: [ROWS, COLUMNS], bits, groupRows: 2 },
    ...{ codes: codes(Math.ceil((ROWS * COLUMNS * bits) / 8)), table: halves(3, 2 ** bits) },
  };
  await expectValues(source, (row, column) => {
    return f16Value(
      HALVES[Math.floor(row / 2) * 2 ** bits + plainCode(CODES, row * COLUMNS + column, bits)]!,
    );
  });
});

test("a table that comes along is used like one of a file", async () => {
  const { codes } = sources();
  const inline = new Uint8Array(HALVES.buffer.slice(0, 24));
  const table = {
    file: "model",
    byteOffset: 0,
    byteLength: 24,
    dtype: "F16",
    shape: [3, 4],
    inline,
  } as const;
  const source: PackedSource = {
    ...{ kind: "palette", shape: [ROWS, COLUMNS], bits: 2, groupRows: 2, table },
    codes: codes(Math.ceil((ROWS * COLUMNS) / 4)),
  };
  await expectValues(source, (row, column) => {
    return f16Value(HALVES[Math.floor(row / 2) * 4 + plainCode(CODES, row * COLUMNS + column, 2)]!);
  });
});
