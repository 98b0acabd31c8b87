import { lstat, readdir, realpath, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { hubError, quoted } from "../errors.ts";
import { checkId } from "../model-id.ts";
import { cacheDirOf, type HubSettings } from "../settings.ts";
import type { CachedRepo, RemovedFromCache } from "../types.ts";
import { layoutOf, type RepoLayout } from "./layout.ts";
import { cachedRepo, readRefs, snapshotFiles } from "./list-cache.ts";
import { busy, isLocked } from "./lock.ts";
import { writing } from "./write.ts";

export interface RemoveOptions extends HubSettings {
  /** Branch, tag or commit that goes; default: all of the repository. */
  readonly revision?: string;
  /** Say what would go, and leave it. */
  readonly dryRun?: boolean;
}

/**
 * Removes a model, or one revision of it, from the cache. What another revision needs stays.
 *
 * @throws PippinError `HUB_NOT_CACHED`, `HUB_CACHE_BUSY` while another process fetches, `HUB_PATH_UNSAFE` when the
 *   model's folder leads out of the cache, `HUB_ID_INVALID`, `HUB_CACHE_UNWRITABLE`.
 */
export async function removeFromCache(repo: string, options: RemoveOptions = {}): Promise<RemovedFromCache> {
  checkId(repo, options.revision ?? "main");
  const cacheDir = cacheDirOf(options);
  const layout = layoutOf(cacheDir, repo);
  await checkInside(cacheDir, layout, repo);
  await checkIdle(layout, repo);
  const cached = await cachedRepo(cacheDir, repo);
  const all = cached.revisions.map(({ revision }) => revision);
  const going = options.revision === undefined ? all : [await commitOf(layout, options.revision, cached)];
  const kept = all.filter((revision) => !going.includes(revision));
  if (options.revision !== undefined && kept.length > 0) {
    return removeRevision(layout, { revision: going[0]!, kept, dryRun: options.dryRun ?? false });
  }
  if (!options.dryRun) {
    await writing(layout.folder, () => rm(layout.folder, { recursive: true, force: true }));
    await rm(layout.locks, { recursive: true, force: true }).catch(() => undefined);
  }
  return { revisions: going, freedBytes: cached.bytes + cached.partialBytes };
}

interface Removal {
  readonly revision: string;
  readonly kept: readonly string[];
  readonly dryRun: boolean;
}

/** Refs first, then the snapshot, then blobs: a kill in between leaves nothing that looks whole and is not. */
async function removeRevision(
  layout: RepoLayout,
  { revision, kept, dryRun }: Removal,
): Promise<RemovedFromCache> {
  const refs = (await readRefs(layout)).filter((ref) => ref.commit === revision);
  const files = (await snapshotFiles(layout, revision)) ?? [];
  const needed = new Set<string | undefined>();
  for (const other of kept)
    for (const { blob } of (await snapshotFiles(layout, other)) ?? []) needed.add(blob);
  const blobs = new Map(
    files.flatMap(({ blob, bytes }) => (blob === undefined || needed.has(blob) ? [] : [[blob, bytes]])),
  );
  const copies = files.filter((file) => file.blob === undefined);
  const freedBytes = [...blobs.values(), ...copies.map(({ bytes }) => bytes)].reduce((a, b) => a + b, 0);
  if (dryRun) return { revisions: [revision], freedBytes };
  const paths = [
    ...refs.map(({ path }) => path),
    join(layout.snapshots, revision),
    join(layout.records, `${revision}.json`),
    join(layout.trees, `${revision}.json`),
    ...[...blobs.keys()].map((blob) => join(layout.blobs, blob)),
  ];
  await writing(layout.folder, async () => {
    for (const path of paths) await rm(path, { recursive: true, force: true });
  });
  return { revisions: [revision], freedBytes };
}

/** Only a snapshot that is there: what a ref's file says may be empty, or a path to elsewhere. */
async function commitOf(
  layout: RepoLayout,
  revision: string,
  { repo, revisions }: CachedRepo,
): Promise<string> {
  const ref = (await readRefs(layout)).find(({ name }) => name === revision);
  const found = revisions.find((cached) => cached.revision === (ref?.commit ?? revision));
  if (found === undefined) throw notCached(`${repo} at ${quoted(revision)}`);
  return found.revision;
}

/** A link in place of the model's folder would have the files of another place removed. */
async function checkInside(cacheDir: string, layout: RepoLayout, repo: string): Promise<void> {
  const found = await lstat(layout.folder).catch(() => undefined);
  if (found === undefined) throw notCached(repo);
  const root = await realpath(cacheDir);
  for (const folder of [
    layout.folder,
    layout.blobs,
    layout.snapshots,
    layout.refs,
    layout.records,
    layout.trees,
  ]) {
    const real = await realpath(folder).catch(() => undefined);
    if (real === undefined) continue;
    if (relative(root, real) !== relative(cacheDir, folder)) {
      throw hubError("HUB_PATH_UNSAFE", {
        message: `${folder} is a link that leads to ${real}; nothing was removed`,
        hint: "Remove the link, or the files behind it, by hand.",
        details: { repo, folder },
      });
    }
  }
}

async function checkIdle(layout: RepoLayout, repo: string): Promise<void> {
  const names = await readdir(layout.locks).catch(() => []);
  for (const name of names.filter((name) => name.endsWith(".pippin-lock"))) {
    const path = join(layout.locks, name);
    if (await isLocked(path)) throw busy(path, repo);
  }
}

function notCached(what: string) {
  return hubError("HUB_NOT_CACHED", {
    message: `the cache does not hold ${what}`,
    hint: "pippin cache ls shows what it holds.",
  });
}
