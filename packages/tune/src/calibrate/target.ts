/**
 * The grid that a matrix is rounded to.
 *
 * - `linear`: w = scale · (code − zero), F16 scales for blocks of `blockSize` columns of a row, or for whole rows.
 *   `offset` `none`: signed codes; `integer`: an unsigned zero point of as many bits; `float`: an F16 zero point.
 * - `palette`: an F16 table of 2^bits values for each `groupRows` rows.
 */
export type CalibrationTarget = LinearTarget | PaletteTarget;

export interface LinearTarget {
  readonly kind: "linear";
  readonly bits: 4 | 8;
  readonly offset: "none" | "integer" | "float";
  /** It divides the columns; whole rows by default. */
  readonly blockSize?: number | undefined;
}

export interface PaletteTarget {
  readonly kind: "palette";
  readonly bits: 2 | 3 | 4 | 6;
  /** It divides the rows. */
  readonly groupRows: number;
}

/** A matrix `[rows, columns]` of F32, row-major. */
export interface CalibrationMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** Codes and their parameters, one byte a code. */
export interface GridWeight {
  /** `[rows, columns]`; signed ones in two's complement. */
  readonly codes: Uint8Array;
  /** F16 codes: scales `[rows, columns / blockSize]`, or tables `[rows / groupRows, 2^bits]`. */
  readonly scales: Uint16Array;
  /** One for each scale: integers, or F16 codes. */
  readonly zeros?: Uint8Array | Uint16Array;
}
