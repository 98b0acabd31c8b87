import { isPippinError, type StageContext, throwIfCancelled } from "@pippin/core";
import type { CommitRecord } from "./cache/records.ts";
import { hubError } from "./errors.ts";
import { lookUp, placeOf } from "./find-snapshot.ts";
import type { Connection } from "./http/connection.ts";
import { describeRepository, listRepository } from "./http/repository.ts";
import { checkId, isCommit } from "./model-id.ts";
import type { Place } from "./place.ts";
import { cacheDirOf } from "./settings.ts";
import type { Snapshot, SnapshotOptions } from "./types.ts";

export interface Online {
  readonly requested: string;
  readonly commit: string;
  readonly record: CommitRecord;
  readonly place: Place;
}

export interface Describing {
  readonly connection: Connection;
  readonly options: SnapshotOptions;
  readonly context: StageContext;
}

/** Which commit is meant and what is in it, from the Hub and from what was recorded of the commit. */
export async function describe(repo: string, { connection, options, context }: Describing): Promise<Online> {
  const requested = options.revision ?? "main";
  const { commit, gated, license } = await describeRepository(
    connection,
    { repo, revision: requested },
    context,
  );
  const place = placeOf(repo, commit, options);
  const recorded = await place.readRecord();
  const files = recorded?.files ?? (await listRepository(connection, { repo, commit }, context));
  return {
    requested,
    commit,
    place,
    record: { files, gated, ...(license === undefined ? {} : { license }) },
  };
}

/** What needs no network: offline, or a commit that is whole in the cache, as a commit never changes. */
export async function withoutNetwork(repo: string, options: SnapshotOptions): Promise<Snapshot | undefined> {
  const requested = options.revision ?? "main";
  checkId(repo, requested);
  if (!options.offline && !(await isListed(repo, requested, options))) return undefined;
  const found = await lookUp(repo, options);
  if ("snapshot" in found) return found.snapshot;
  if (options.offline) throw offline(repo, found.missing, cacheDirOf(options));
  return undefined;
}

/** Whether it is known what belongs to a commit: of a snapshot without a listing somebody may have fetched a part. */
async function isListed(repo: string, revision: string, options: SnapshotOptions): Promise<boolean> {
  return isCommit(revision) && (await placeOf(repo, revision, options).readRecord()) !== undefined;
}

/** As Python: only a revision that the Hub says does not exist, and what is not about the Hub, ends it at once. */
export function orCached(error: unknown): { readonly error: unknown } {
  const final = new Set([
    "HUB_REVISION_NOT_FOUND",
    "HUB_TOKEN_INVALID",
    "HUB_ENDPOINT_INVALID",
    "HUB_PATH_UNSAFE",
  ]);
  if (!isPippinError(error) || !error.code.startsWith("HUB_") || final.has(error.code)) throw error;
  return { error };
}

interface Falling {
  readonly options: SnapshotOptions;
  readonly context: StageContext;
  readonly error: unknown;
}

export async function fromCache(repo: string, { options, context, error }: Falling): Promise<Snapshot> {
  throwIfCancelled(context.signal);
  const found = await lookUp(repo, options);
  if (!("snapshot" in found) || !isPippinError(error)) throw error;
  const { snapshot } = found;
  warnOfCache(`the snapshot of ${repo} in the cache`, snapshot.revision, { context, error });
  return snapshot;
}

/** @param taken - what was taken in place of what the Hub has. */
export function warnOfCache(
  taken: string,
  commit: string,
  { context, error }: Pick<Falling, "context" | "error">,
): void {
  if (!isPippinError(error)) return;
  context.warn?.({
    code: "HUB_USED_CACHE",
    message: `${error.message}; ${taken} was taken, at commit ${commit.slice(0, 12)}`,
    hint: ["It may be older than what the Hub has.", error.hint].filter(Boolean).join(" "),
  });
}

export function offline(repo: string, missing: string, cacheDir: string) {
  return hubError("HUB_OFFLINE", {
    message: `offline: ${missing}`,
    hint: "Run the command once with a network, that is without HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE, or give the path of a folder.",
    details: { repo, cacheDir },
  });
}
