export { createReferenceRunner, createTensorRunner, type ReferenceOptions } from "./node/reference.ts";
