export type { VerifyErrorCode } from "./errors.ts";
export { type FinishReason, type GenerateOptions, generate } from "./generate.ts";
export { argmax, klDivergence, logSoftmax } from "./logits.ts";
export {
  compareRunners,
  type GreedyDifference,
  type GreedyReport,
  type ParityOptions,
  type ParityReport,
} from "./parity.ts";
export { createSampler, type SampleOptions, type Sampler } from "./sample.ts";
