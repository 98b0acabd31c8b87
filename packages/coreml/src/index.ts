export { backend, type CoremlPlan } from "./backend.ts";
export type { CoremlErrorCode } from "./errors.ts";
export { CoremlOptions } from "./options.ts";
export { type CoremlPackage, readPackage } from "./package/read-package.ts";
