import { f16Value } from "@pippin/kernels";
import { describe, expect, test } from "vitest";
import { type Compensated, compensate } from "../../src/calibrate/compensate.ts";
import { factorHessian } from "../../src/calibrate/factor.ts";
import { Hessian } from "../../src/calibrate/hessian.ts";
import { NO_SEARCH } from "../../src/calibrate/rounder.ts";
import type { CalibrationMatrix, CalibrationTarget } from "../../src/calibrate/target.ts";
import { hessianOf, inputsOf, normals, randomFrom } from "./random.ts";

const ROWS = 24;
const COLUMNS = 192;
const TARGETS: Readonly<Record<string, CalibrationTarget>> = {
  "int4 in blocks of 32": { kind: "linear", bits: 4, offset: "none", blockSize: 32 },
  "uint4 with integer offsets": { kind: "linear", bits: 4, offset: "integer", blockSize: 32 },
  "uint4 with float offsets": { kind: "linear", bits: 4, offset: "float", blockSize: 32 },
  "int8 a row": { kind: "linear", bits: 8, offset: "none" },
  "palettes of 4 bits": { kind: "palette", bits: 4, groupRows: 8 },
  "palettes of 3 bits": { kind: "palette", bits: 3, groupRows: 8 },
};

function matrixOf(seed: number): CalibrationMatrix {
  const values = normals(ROWS * COLUMNS, randomFrom(seed)).map((value) => value * 0.05);
  return { rows: ROWS, columns: COLUMNS, values };
}

/** What codes and their parameters stand for, by the formulas of `CalibrationTarget`. */
function decoded({ codes, scales, zeros }: Compensated, target: CalibrationTarget): Float32Array {
  return Float32Array.from(codes, (code, i) => {
    const row = Math.floor(i / COLUMNS);
    if (target.kind === "palette") {
      return f16Value(scales[Math.floor(row / target.groupRows) * 2 ** target.bits + code]!);
    }
    const { offset, blockSize = COLUMNS } = target;
    const block = row * (COLUMNS / blockSize) + Math.floor((i % COLUMNS) / blockSize);
    const signed = offset === "none" ? (code << 24) >> 24 : code;
    const zero = zeros?.[block] ?? 0;
    return (signed - (offset === "float" ? f16Value(zero) : zero)) * f16Value(scales[block]!);
  });
}

/** Mean of ‖ΔW x‖² over the inputs, in double precision. */
function outputError(matrix: CalibrationMatrix, other: Float32Array, x: Float32Array): number {
  let total = 0;
  for (let at = 0; at < x.length; at += COLUMNS) {
    for (let row = 0; row < ROWS; row++) {
      let sum = 0;
      for (let j = 0; j < COLUMNS; j++) {
        sum += (matrix.values[row * COLUMNS + j]! - other[row * COLUMNS + j]!) * x[at + j]!;
      }
      total += sum * sum;
    }
  }
  return total / (x.length / COLUMNS);
}

describe.each(Object.entries(TARGETS))("%s", (_, target) => {
  const x = inputsOf(512, COLUMNS, randomFrom(1));
  const factor = factorHessian(hessianOf(x, COLUMNS));
  const matrix = matrixOf(2);

  test("the error that is reported is that of the outputs", () => {
    const result = compensate(matrix, factor, target);

    // F32 sums of the Hessian and its factor: some 2^-24 of the largest term, a thousandfold of it in the difference.
    const measured = outputError(matrix, decoded(result, target), x);
    expect(Math.abs(measured / result.error.result - 1)).toBeLessThan(1e-3);
  });

  test("compensation pays, and a search for scales pays more", () => {
    const searched = compensate(matrix, factor, target);
    const unclipped = compensate(matrix, factor, target, { search: NO_SEARCH });

    expect(searched.method).toBe("compensated");
    expect(unclipped.error.result).toBeLessThan(0.7 * unclipped.error.plain);
    expect(searched.error.result).toBeLessThanOrEqual(1.02 * unclipped.error.result);
  });

  test("without any input the error of the weights counts, and nothing can be compensated", () => {
    const none = factorHessian(new Hessian(COLUMNS));
    const result = compensate(matrix, none, target);

    const squares = decoded(result, target).reduce((sum, got, i) => sum + (got - matrix.values[i]!) ** 2, 0);
    expect(Math.abs(result.error.result / squares - 1)).toBeLessThan(1e-5);
    expect(result.error.result).toBeLessThanOrEqual(result.error.plain);
  });

  test("dead columns and fewer inputs than columns make it no worse than plain rounding", () => {
    const few = inputsOf(7, COLUMNS, randomFrom(3)).map((value, i) => (i % COLUMNS < 5 ? 0 : value));
    const result = compensate(matrix, factorHessian(hessianOf(few, COLUMNS)), target);

    expect(result.error.result).toBeLessThanOrEqual(result.error.plain);
    expect(decoded(result, target).every(Number.isFinite)).toBe(true);
  });
});

test("a matrix of zeros and equal values stays what it is", () => {
  const x = inputsOf(64, COLUMNS, randomFrom(1));
  const factor = factorHessian(hessianOf(x, COLUMNS));
  const target = { kind: "linear", bits: 4, offset: "float", blockSize: 32 } as const;
  for (const value of [0, 0.5, -0.25]) {
    const values = new Float32Array(ROWS * COLUMNS).fill(value);
    const result = compensate({ rows: ROWS, columns: COLUMNS, values }, factor, target);

    expect(decoded(result, target).every((got) => Math.abs(got - value) < 1e-3)).toBe(true);
  }
});

test("inputs that overflowed are refused by the column", () => {
  const x = inputsOf(4, COLUMNS, randomFrom(1));
  x[5] = Number.NaN;
  const refused = expect.objectContaining({ code: "TUNE_HESSIAN_NOT_FINITE", details: { column: 5 } });
  expect(() => factorHessian(hessianOf(x, COLUMNS))).toThrow(refused);
});

test("a Hessian of another width is refused", () => {
  const factor = factorHessian(new Hessian(64));
  const refused = expect.objectContaining({ code: "TUNE_CALIBRATION_SHAPE" });
  expect(() => compensate(matrixOf(1), factor, TARGETS["int8 a row"]!)).toThrow(refused);
});
