/** Part of a row-major F32 matrix: its first element is `values[begin]`, rows are `stride` elements apart. */
export interface MatrixPart {
  readonly values: Float32Array;
  readonly begin: number;
  readonly stride: number;
}

/** C `[rows, cols]` += factor · Aᵀ · B, with A `[depth, rows]` and B `[depth, cols]`. */
export interface ProductJob {
  readonly a: MatrixPart;
  readonly b: MatrixPart;
  readonly c: MatrixPart;
  readonly depth: number;
  readonly rows: number;
  readonly cols: number;
  readonly factor: number;
  /** C is symmetric: only its upper triangle is wanted, elements below may be computed or not. */
  readonly upper?: boolean;
}

/** The definition of `addProduct`, in double precision; the kernel sums F32 in chunks of its tiles. */
export function plainAddProduct({ a, b, c, depth, rows, cols, factor, upper = false }: ProductJob): void {
  for (let i = 0; i < rows; i++) {
    for (let j = upper ? i : 0; j < cols; j++) {
      let sum = 0;
      for (let k = 0; k < depth; k++) {
        sum += a.values[a.begin + k * a.stride + i]! * b.values[b.begin + k * b.stride + j]!;
      }
      c.values[c.begin + i * c.stride + j]! += factor * sum;
    }
  }
}
