export type { ErrorFigures, MlcMode } from "@pippin/kernels";
export type { MatrixShape, QuantizeOptions } from "./check.ts";
export { Encoding, LinearEncoding, MlcEncoding } from "./encoding.ts";
export type { QuantizeErrorCode } from "./errors.ts";
export { dequantizeLinear, type LinearWeight, type QuantizedLinear, quantizeLinear } from "./linear.ts";
export { type MlcOptions, type MlcWeight, quantizeGroups } from "./mlc.ts";
