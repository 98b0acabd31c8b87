export { listCache } from "./cache/list-cache.ts";
export { type RemoveOptions, removeFromCache } from "./cache/remove-from-cache.ts";
export type { HubErrorCode, HubWarningCode } from "./errors.ts";
export { fetchSnapshot } from "./fetch-snapshot.ts";
export { findSnapshot } from "./find-snapshot.ts";
export type { Network } from "./http/network.ts";
export { type License, readLicense } from "./license.ts";
export { type ModelId, parseModelId, parseRepoId } from "./model-id.ts";
export { type PeekOptions, peekModel } from "./peek-model.ts";
export { planSnapshot } from "./plan-snapshot.ts";
export { reachHub } from "./reach-hub.ts";
export { type Environment, type HubSettings, hubSettings, type ResolvedSettings } from "./settings.ts";
export type {
  CachedRepo,
  CachedRevision,
  HubReach,
  RemoteModel,
  RemovedFromCache,
  RepoFile,
  Snapshot,
  SnapshotOptions,
  SnapshotPlan,
} from "./types.ts";
