/**
 * A matrix that keeps the integers of its checkpoint: value = F16(scale · (code − offset)), with a scale, and an offset if
 * there is one, for each block of `groupRows` rows and `groupSize` columns.
 */
export interface GridEncoding {
  readonly kind: "grid";
  readonly dtype: "int4" | "uint4" | "int8" | "uint8";
  readonly groupSize: number;
  readonly groupRows: number;
  /** `float`: F16, one for each scale. `integer`: packed like the codes. */
  readonly offset: "none" | "float" | "integer";
}

export function ownGrid(_: unknown): GridEncoding | undefined {
  return undefined;
}
