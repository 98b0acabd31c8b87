export { Artifact, ArtifactFile, CHUNK_BYTES, Provenance } from "./artifact.ts";
export type {
  Backend,
  BackendPlan,
  DescriptionRow,
  MinimumSystem,
  ModelFacts,
  OpenedPackage,
  PackageDescription,
  PlanInput,
  PlanVariant,
  Recompress,
  RunnerOptions,
  SwiftBindings,
  SwiftDependency,
} from "./backend.ts";
export { type ByteSource, checkRange, memorySource } from "./byte-source.ts";
export {
  assertNever,
  type CoreErrorCode,
  isPippinError,
  PippinError,
  type PippinErrorOptions,
  safeNumber,
} from "./errors.ts";
export {
  type FileTree,
  type OpenByteSource,
  type ReadTextOptions,
  readJson,
  readText,
  withFile,
} from "./file-tree.ts";
export { isPermissiveLicense } from "./license.ts";
export {
  FeatureRole,
  ManifestFeature,
  ManifestFunction,
  ManifestState,
  RuntimeManifest,
} from "./manifest.ts";
export { estimateMemory, type MemoryEstimate, type ModelGeometry } from "./memory.ts";
export type { EvaluateOptions, FeedOptions, ObservedValue, Observer, Runner, Session } from "./runner.ts";
export {
  type ProgressEvent,
  type Stage,
  type StageContext,
  throwIfCancelled,
  type Warning,
} from "./stage.ts";
