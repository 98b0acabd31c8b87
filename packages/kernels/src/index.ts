export { castToF16, castToF32, fromF16, toF16 } from "./cast.ts";
export {
  byteLengthOf,
  DTYPES,
  type Dtype,
  elementCount,
  FLOAT_DTYPES,
  type FloatDtype,
  isFloatDtype,
} from "./dtype.ts";

export { checkEncoding, type PartName, type WeightEncoding } from "./encoded-matrix.ts";

export type { KernelsErrorCode } from "./errors.ts";
export { isFloatSource } from "./expr-plan.ts";
export { type GridEncoding, ownGrid } from "./grid.ts";
export {
  type ErrorFigures,
  errorFigures,
  hasOffset,
  type LinearEncoding,
  linearGroupSize,
  linearRange,
  packedBytes,
} from "./linear.ts";
export { MLC_MODES, type MlcGroups, type MlcMode, mlcScaleBits, quantizeMlcGroups } from "./mlc-groups.ts";
export { type PaletteEncoding, paletteGroupSizes, paletteGroups } from "./palette/encoding.ts";
export { type FitOptions, fitTable, type Palette } from "./palette/fit.ts";
export { encodeIndices, fillIndexTable } from "./palette/index-table.ts";
export {
  type CodeHistogram,
  createCodeHistogram,
  type IndexBits,
  mapCodes,
  packIndices,
  unpackIndices,
} from "./palette.ts";
export { type F16Cast, plainCastToF16, plainCastToF32, plainToBf16 } from "./plain/cast.ts";
export { F16_OVERFLOW, f16Code, f16Value } from "./plain/float16.ts";
export { type F32Matrix, plainMultiply } from "./plain/matrix.ts";
export type { CodeBits } from "./plain/packed.ts";
export {
  type DistinctValues,
  plainCountCodes,
  plainDistinctValues,
  plainMapCodes,
  plainPackIndices,
  plainUnpackIndices,
} from "./plain/palette.ts";
export { type MatrixPart, type ProductJob, plainAddProduct } from "./plain/product.ts";
export { packNibbles, quantizeLinearGroups } from "./quantize-linear.ts";
export type {
  AffineSource,
  PackedSource,
  PaletteSource,
  PartSource,
  ScaledSource,
  TensorSource,
  WeightExpr,
  WeightOp,
  WeightSource,
} from "./weight-expr.ts";
export { isPackedSource } from "./weight-expr.ts";
