export { createReferenceRunner, type ReferenceOptions } from "./node/reference.ts";
