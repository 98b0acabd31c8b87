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
export type { KernelsErrorCode } from "./errors.ts";
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
export {
  type DistinctValues,
  plainCountCodes,
  plainDistinctValues,
  plainMapCodes,
  plainPackIndices,
  plainUnpackIndices,
} from "./plain/palette.ts";
export type { TensorSource, WeightExpr, WeightOp } from "./weight-expr.ts";
