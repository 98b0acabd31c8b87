export type { TensorOfRole } from "./node/load.ts";
export { createReferenceRunner, createTensorRunner, type ReferenceOptions } from "./node/reference.ts";
