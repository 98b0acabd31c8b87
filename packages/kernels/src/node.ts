export { createMatrixPool, type MatrixPool, type MatrixPoolOptions } from "./node/matrix-pool.ts";
export type { KeepDtype } from "./node/pool-protocol.ts";
export { createProductPool, type ProductPool, type ProductPoolOptions } from "./node/product-pool.ts";
export { readRows, readWeight } from "./node/read-weight.ts";
export type { Segment } from "./node/segments.ts";
export { defaultThreads } from "./node/threads.ts";
export {
  type WeightReport,
  type WriteSegmentsOptions,
  type WriteSegmentsResult,
  writeSegments,
} from "./node/write-segments.ts";
