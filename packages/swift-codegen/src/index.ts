export { neededEntitlements } from "./entitlements.ts";
export type { SwiftErrorCode } from "./errors.ts";
export type { SwiftFacts } from "./facts.ts";
export { type GenerateOptions, generateSwiftPackage, planSwiftPackage, type SwiftPlan } from "./generate.ts";
export type { GoldenCase, SwiftInput } from "./input.ts";
export { SwiftOptions } from "./options.ts";
