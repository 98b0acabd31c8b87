import { Block } from "./block.ts";
import { calibrateError } from "./errors.ts";
import type { HessianFactor } from "./factor.ts";
import { type Products, plainProducts } from "./products.ts";
import {
  linearRounder,
  NO_SEARCH,
  paletteRounder,
  paletteTables,
  type Rounder,
  type ScaleSearch,
} from "./rounder.ts";
import type { CalibrationMatrix, CalibrationTarget, GridWeight } from "./target.ts";

/** Columns whose contributions to later ones are added at once. */
const LAZY_COLUMNS = 128;

/** Clips a block's range by up to 40 %. */
export const DEFAULT_SEARCH: ScaleSearch = {
  shrink: Array.from({ length: 17 }, (_, i) => 1 - i * 0.025),
  finalists: 4,
};

export interface CompensateOptions {
  readonly products?: Products;
  /** How scales are chosen; `NO_SEARCH` clips nothing. */
  readonly search?: ScaleSearch;
}

export interface Compensated extends GridWeight {
  /** `plain`: compensation did not help, the weight is rounded to nearest. */
  readonly method: "compensated" | "plain";
  /** tr(ΔW H ΔWᵀ) per calibration token: the mean squared error of the product's output, summed over its rows. */
  readonly error: { readonly plain: number; readonly result: number };
}

/**
 * Rounds a matrix to a grid, column by column, each column making up for the errors of those before it: GPTQ (Frantar et
 * al., 2022), in the form that needs the factor of H and no inverse (see `HessianFactor`). Scales are chosen when
 * their block is reached.
 *
 * Steps: rows · columns² / 2 for rounding and as many to measure plain rounding. Memory: 8 bytes a weight.
 *
 * @returns never worse than plain rounding in `error`.
 * @throws PippinError `TUNE_CALIBRATION_SHAPE`.
 */
export function compensate(
  matrix: CalibrationMatrix,
  factor: HessianFactor,
  target: CalibrationTarget,
  { products = plainProducts, search = DEFAULT_SEARCH }: CompensateOptions = {},
): Compensated {
  check(matrix, factor, target);
  const work = new Work(matrix, factor, products);
  const rounderWith = rounders(matrix, target, factor);
  const plain = rounderWith(NO_SEARCH);
  work.roundPlainly(plain);
  const before = work.measure();
  const rounder = rounderWith(search);
  const after = work.roundCompensating(rounder);
  const better = after < before;
  return {
    ...(better ? rounder : plain).result,
    method: better ? "compensated" : "plain",
    error: { plain: before, result: better ? after : before },
  };
}

function check(
  { rows, columns, values }: CalibrationMatrix,
  factor: HessianFactor,
  target: CalibrationTarget,
) {
  const fits =
    target.kind === "palette"
      ? rows % target.groupRows === 0
      : target.blockSize === undefined || columns % target.blockSize === 0;
  if (fits && columns === factor.columns && values.length === rows * columns) return;
  throw calibrateError("TUNE_CALIBRATION_SHAPE", {
    message: `${values.length} values as [${rows}, ${columns}], a Hessian of ${factor.columns} columns and the target ${JSON.stringify(target)} do not fit each other`,
    hint: "Blocks divide the columns, groups of rows the rows; the Hessian is of the inputs of this product.",
    details: { rows, columns, target },
  });
}

/** Makes rounders of a matrix that differ in the search for scales. */
function rounders(
  matrix: CalibrationMatrix,
  target: CalibrationTarget,
  factor: HessianFactor,
): (search: ScaleSearch) => Rounder {
  if (target.kind === "linear") return (search) => linearRounder(matrix, target, factor, search);
  const tables = paletteTables(matrix, target, factor);
  return () => paletteRounder(matrix, target, tables);
}

/** Weights and errors by columns, so that one column's rows lie side by side. */
class Work {
  readonly #matrix: CalibrationMatrix;
  readonly #factor: HessianFactor;
  readonly #products: Products;
  /** `[columns, rows]`: w, and w − ŵ. */
  readonly #weights: Float32Array;
  readonly #errors: Float32Array;

  constructor(matrix: CalibrationMatrix, factor: HessianFactor, products: Products) {
    const { rows, columns, values } = matrix;
    this.#matrix = matrix;
    this.#factor = factor;
    this.#products = products;
    this.#weights = new Float32Array(rows * columns);
    this.#errors = products.allocate(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < columns; j++) this.#weights[j * rows + row] = values[row * columns + j]!;
    }
  }

  /** Each weight to the nearest value. */
  roundPlainly(rounder: Rounder): void {
    const block = new Block(rounder.size);
    for (let at = 0; at < this.#matrix.columns; at += rounder.size) {
      this.#roundBlock(rounder, block, at, this.#weights.subarray(at * this.#matrix.rows));
    }
  }

  /** @returns tr(ΔW H ΔWᵀ) without damping. */
  roundCompensating(rounder: Rounder): number {
    const { rows, columns } = this.#matrix;
    const { unit, pivots } = this.#factor;
    const { size } = rounder;
    const lazy = Math.max(1, Math.floor(LAZY_COLUMNS / size)) * size;
    const targets = this.#products.allocate(lazy * rows);
    const block = new Block(size);
    let cost = 0;
    for (let begin = 0; begin < columns; begin += lazy) {
      const end = Math.min(columns, begin + lazy);
      targets.set(this.#weights.subarray(begin * rows, end * rows));
      this.#addErrors(targets, 0, begin, begin, end);
      for (let at = begin; at < end; at += size) {
        block.take(unit, pivots, columns, at);
        const rest = targets.subarray((at - begin) * rows);
        cost += this.#roundBlock(rounder, block, at, rest);
        this.#addErrors(rest.subarray(size * rows), at, at + size, at + size, end);
      }
    }
    return this.#undamped(cost);
  }

  /** tr(ΔW H ΔWᵀ) of the errors that there are. */
  measure(): number {
    const { rows, columns } = this.#matrix;
    const { pivots } = this.#factor;
    const sums = this.#products.allocate(LAZY_COLUMNS * rows);
    let cost = 0;
    for (let begin = 0; begin < columns; begin += LAZY_COLUMNS) {
      const end = Math.min(columns, begin + LAZY_COLUMNS);
      sums.fill(0);
      this.#addErrors(sums, 0, end, begin, end);
      for (let j = begin; j < end; j++) {
        let squares = 0;
        for (let i = (j - begin) * rows; i < (j - begin + 1) * rows; i++) squares += sums[i]! * sums[i]!;
        cost += pivots[j]! * squares;
      }
    }
    return this.#undamped(cost);
  }

  #undamped(cost: number): number {
    let squares = 0;
    for (const error of this.#errors) squares += error * error;
    return Math.max(0, cost - this.#factor.damping * squares);
  }

  /** targets `[end − begin, rows]` += Σ_i U_ij · errors of column i, for i from `from` to `to` and j from `begin` to `end`. */
  #addErrors(targets: Float32Array, from: number, to: number, begin: number, end: number): void {
    const { rows, columns } = this.#matrix;
    this.#products.addProduct({
      a: { values: this.#factor.unit, begin: from * columns + begin, stride: columns },
      b: { values: this.#errors, begin: from * rows, stride: rows },
      c: { values: targets, begin: 0, stride: rows },
      ...{ depth: to - from, rows: end - begin, cols: rows, factor: 1 },
    });
  }

  /** @param targets - `[…, rows]` from the block's first column on. @returns Σ D · (target − ŵ)². */
  #roundBlock(rounder: Rounder, block: Block, at: number, targets: Float32Array): number {
    const { rows, columns } = this.#matrix;
    const { size, result } = rounder;
    const weights = this.#weights.subarray(at * rows);
    const errors = this.#errors.subarray(at * rows);
    let cost = 0;
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < size; j++) {
        block.weights[j] = weights[j * rows + row]!;
        block.targets[j] = targets[j * rows + row]!;
      }
      cost += rounder.round(block, row, at / size);
      for (let j = 0; j < size; j++) {
        errors[j * rows + row] = block.errors[j]!;
        result.codes[row * columns + at + j] = block.codes[j]!;
      }
    }
    return cost;
  }
}
