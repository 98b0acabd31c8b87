import { calibrateError } from "./errors.ts";
import type { Hessian } from "./hessian.ts";
import { type Products, plainProducts } from "./products.ts";

/** Columns that are factored together before the rest of the matrix is updated. */
const PANEL = 64;
/** Share of the mean diagonal that is added to it, as GPTQ does ("percdamp"). */
export const DEFAULT_DAMPING = 0.01;

/**
 * H + λI = U D Uᵀ per token, with U upper triangular and ones on its diagonal.
 *
 * For an error e of one row, e H eᵀ = Σ_j D_j (Σ_{i ≤ j} e_i U_ij)²: the term of column j depends on the columns up to j
 * only. Rounding column j to the value nearest to w_j + Σ_{i<j} e_i U_ij is therefore what GPTQ's updates by the
 * inverse's Cholesky factor amount to (Chee et al., "QuIP", 2023, theorem 6), and needs no inverse.
 */
export interface HessianFactor {
  readonly columns: number;
  /** U, `[columns, columns]` F32; zeros below the diagonal. */
  readonly unit: Float32Array;
  /** D, `[columns]`: what a squared rounding error of a column costs when all later ones make up for it. */
  readonly pivots: Float64Array;
  /** Diagonal of H per token, without λ. */
  readonly diagonal: Float64Array;
  /** λ; 0 where H is all zeros, which stands for the identity: errors are those of the weights. */
  readonly damping: number;
}

/**
 * Factors a Hessian in its own memory: its sums are gone afterwards.
 *
 * Steps: columns³ / 3, nearly all of them in `products`; panels in double precision.
 *
 * @param damping - λ as a share of the mean diagonal. Columns whose inputs were always 0 are rounded plainly.
 * @throws PippinError `TUNE_HESSIAN_NOT_FINITE`.
 */
export function factorHessian(
  hessian: Hessian,
  { damping = DEFAULT_DAMPING, products = plainProducts }: { damping?: number; products?: Products } = {},
): HessianFactor {
  hessian.flush();
  const { columns, sums, tokens } = hessian;
  const diagonal = new Float64Array(columns);
  const scale = tokens === 0 ? 0 : 1 / tokens;
  for (let i = 0; i < columns; i++) diagonal[i] = sums[i * columns + i]! * scale;
  const mean = diagonal.reduce((sum, value) => sum + value, 0) / columns;
  if (!Number.isFinite(mean)) throw notFinite(diagonal);
  const added = mean > 0 ? damping * mean : 1;
  for (let i = 0; i < columns; i++) {
    for (let j = i; j < columns; j++) sums[i * columns + j]! *= scale;
    sums[i * columns + i]! += added;
  }
  const pivots = new Float64Array(columns);
  const panel = new Float64Array(PANEL * columns);
  const shared = products.allocate(PANEL * columns);
  for (let end = columns; end > 0; ) {
    const begin = Math.floor((end - 1) / PANEL) * PANEL;
    factorPanel({ matrix: sums, columns, begin, end, panel, least: added / 2 }, pivots);
    subtractPanel({ matrix: sums, columns, begin, end, panel, pivots }, shared, products);
    end = begin;
  }
  // Tiles that the diagonal crosses were computed whole.
  for (let row = 1; row < columns; row++) sums.fill(0, row * columns, row * columns + row);
  return { columns, unit: sums, pivots, diagonal, damping: mean > 0 ? added : 0 };
}

interface Panel {
  readonly matrix: Float32Array;
  readonly columns: number;
  /** Columns of the panel. */
  readonly begin: number;
  readonly end: number;
  /** Columns as rows `[end − begin, end]`, from 0 to the diagonal. */
  readonly panel: Float64Array;
}

/** Columns `begin` to `end` of U and their pivots, when all later columns have been subtracted. */
function factorPanel(
  { matrix, columns, begin, end, panel, least }: Panel & { readonly least: number },
  pivots: Float64Array,
): void {
  for (let row = 0; row < end; row++) {
    for (let j = Math.max(begin, row); j < end; j++)
      panel[(j - begin) * end + row] = matrix[row * columns + j]!;
  }
  for (let k = end - 1; k >= begin; k--) {
    const column = panel.subarray((k - begin) * end, (k - begin) * end + k + 1);
    // No pivot of H + λI is below λ; what rounding made smaller is taken for that.
    const pivot = Math.max(column[k]!, least);
    pivots[k] = pivot;
    for (let i = 0; i < k; i++) column[i]! /= pivot;
    column[k] = 1;
    for (let j = begin; j < k; j++) {
      const other = panel.subarray((j - begin) * end, (j - begin) * end + j + 1);
      const factor = column[j]! * pivot;
      for (let i = 0; i <= j; i++) other[i]! -= factor * column[i]!;
    }
  }
  for (let row = 0; row < end; row++) {
    for (let j = Math.max(begin, row); j < end; j++)
      matrix[row * columns + j] = panel[(j - begin) * end + row]!;
  }
}

/** What the panel contributes to the columns before it. */
function subtractPanel(
  { matrix, columns, begin, end, panel, pivots }: Panel & { readonly pivots: Float64Array },
  shared: Float32Array,
  products: Products,
): void {
  if (begin === 0) return;
  for (let k = begin; k < end; k++) {
    const root = Math.sqrt(pivots[k]!);
    const from = (k - begin) * end;
    for (let i = 0; i < begin; i++) shared[(k - begin) * begin + i] = panel[from + i]! * root;
  }
  const part = { values: shared, begin: 0, stride: begin };
  const c = { values: matrix, begin: 0, stride: columns };
  const size = { depth: end - begin, rows: begin, cols: begin };
  products.addProduct({ a: part, b: part, c, ...size, factor: -1, upper: true });
}

function notFinite(diagonal: Float64Array) {
  const column = diagonal.findIndex((value) => !Number.isFinite(value));
  return calibrateError("TUNE_HESSIAN_NOT_FINITE", {
    message: `inputs of column ${column} overflowed on the calibration text`,
    hint: "The checkpoint is damaged, or its activations need more than F32; calibrate without this matrix.",
    details: { column },
  });
}
