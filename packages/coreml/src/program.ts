export { type BuiltModel, buildModel } from "./lower/build-model.ts";
export { type Choices, choose } from "./lower/choices.ts";
export { CoremlOptions } from "./options.ts";
export { decode, encode } from "./proto/codec.ts";
export type * from "./proto/mil.ts";
export { MODEL, type Model } from "./proto/model.ts";
