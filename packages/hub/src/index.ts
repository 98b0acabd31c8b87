import type { StageContext } from "@pippin/core";
import type { HubSettings } from "./settings.ts";
import type {
  CachedRepo,
  HubReach,
  RemoteModel,
  RemovedFromCache,
  Snapshot,
  SnapshotOptions,
  SnapshotPlan,
} from "./types.ts";

export type { HubErrorCode, HubWarningCode } from "./errors.ts";
export { isPermissive, type License, readLicense } from "./license.ts";
export { type ModelId, parseModelId } from "./model-id.ts";
export type { Network } from "./network.ts";
export { type Environment, type HubSettings, hubSettings } from "./settings.ts";
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

export declare function fetchSnapshot(
  repo: string,
  options?: SnapshotOptions,
  context?: StageContext,
): Promise<Snapshot>;
export declare function planSnapshot(
  repo: string,
  options?: SnapshotOptions,
  context?: StageContext,
): Promise<SnapshotPlan>;
export declare function findSnapshot(repo: string, options?: SnapshotOptions): Promise<Snapshot | undefined>;
export declare function peekModel(
  repo: string,
  options?: HubSettings & { readonly revision?: string },
  context?: StageContext,
): Promise<RemoteModel>;
export declare function listCache(settings?: HubSettings): Promise<CachedRepo[]>;
export declare function removeFromCache(
  repo: string,
  options?: HubSettings & { readonly revision?: string; readonly dryRun?: boolean },
): Promise<RemovedFromCache>;
export declare function reachHub(settings?: HubSettings, context?: StageContext): Promise<HubReach>;
