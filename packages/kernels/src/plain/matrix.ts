/** A matrix `[rows, cols]`, row-major, in F32. */
export interface F32Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly values: Float32Array;
}

/**
 * The definition of the matrix kernels: y `[m, rows]` = x `[m, cols]` · Wᵀ. Sums in double precision from left to
 * right; the kernels sum F32 in another order, so they agree within a few F32 ulps of Σ|x·w|.
 */
export function plainMultiply(weight: F32Matrix, x: Float32Array, m: number): Float32Array {
  const { rows, cols, values } = weight;
  const y = new Float32Array(m * rows);
  for (let i = 0; i < m; i++) {
    for (let r = 0; r < rows; r++) {
      let sum = 0;
      for (let c = 0; c < cols; c++) sum += x[i * cols + c]! * values[r * cols + c]!;
      y[i * rows + r] = sum;
    }
  }
  return y;
}
