import { lstat, readdir, readlink, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { isRepo } from "../model-id.ts";
import { cacheDirOf, type HubSettings } from "../settings.ts";
import type { CachedRepo, CachedRevision } from "../types.ts";
import { INCOMPLETE, layoutOf, type RepoLayout } from "./layout.ts";
import { readText } from "./write.ts";

/**
 * The models in the cache, whoever fetched them, by name. Files that are not the cache's own are passed over, and so
 * are data sets.
 */
export async function listCache(settings: HubSettings = {}): Promise<CachedRepo[]> {
  const cacheDir = cacheDirOf(settings);
  const repos: CachedRepo[] = [];
  for (const name of await entriesOf(cacheDir)) {
    const repo = repoOf(name);
    if (repo === undefined) continue;
    const cached = await cachedRepo(cacheDir, repo);
    if (cached.bytes + cached.partialBytes + cached.revisions.length > 0) repos.push(cached);
  }
  return repos.sort((a, b) => (a.repo < b.repo ? -1 : 1));
}

export async function cachedRepo(cacheDir: string, repo: string): Promise<CachedRepo> {
  const layout = layoutOf(cacheDir, repo);
  const blobs = await blobSizes(layout);
  const refs = await readRefs(layout);
  const revisions: CachedRevision[] = [];
  let copies = 0;
  for (const revision of (await entriesOf(layout.snapshots)).sort()) {
    const files = await snapshotFiles(layout, revision);
    if (files === undefined) continue;
    copies += sum(files.filter((file) => file.blob === undefined).map((file) => file.bytes));
    const distinct = new Map(files.map((file) => [file.blob ?? file.path, file.bytes]));
    revisions.push({
      revision,
      refs: refs.filter((ref) => ref.commit === revision).map((ref) => ref.name),
      files: files.length,
      bytes: sum([...distinct.values()]),
      modified: new Date(files.reduce((latest, { modifiedMs }) => Math.max(latest, modifiedMs), 0)),
    });
  }
  const whole = [...blobs].filter(([name]) => !name.endsWith(INCOMPLETE));
  const partial = [...blobs].filter(([name]) => name.endsWith(INCOMPLETE));
  return {
    repo,
    path: layout.folder,
    bytes: sum(whole.map(([, size]) => size)) + copies,
    partialBytes: sum(partial.map(([, size]) => size)),
    revisions,
  };
}

export interface CachedRef {
  readonly name: string;
  readonly commit: string;
  readonly path: string;
}

export async function readRefs({ refs }: RepoLayout): Promise<CachedRef[]> {
  const found: CachedRef[] = [];
  for (const entry of await entriesOf(refs, true)) {
    const path = join(refs, entry);
    const commit = (await readText(path))?.trim();
    if (commit !== undefined) found.push({ name: entry.replaceAll(sep, "/"), commit, path });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export interface SnapshotFile {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  /** Name of the blob that it links to; undefined for a copy, and for a link to elsewhere. */
  readonly blob: string | undefined;
}

/** The files of a snapshot; undefined when it is no folder. */
export async function snapshotFiles(
  { snapshots, blobs }: RepoLayout,
  revision: string,
): Promise<SnapshotFile[] | undefined> {
  const folder = join(snapshots, revision);
  if (!(await lstat(folder).catch(() => undefined))?.isDirectory()) return undefined;
  const files: SnapshotFile[] = [];
  for (const entry of await entriesOf(folder, true)) {
    const path = join(folder, entry);
    const target = await readlink(path).catch(() => undefined);
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) continue;
    const blob = target === undefined ? undefined : relative(blobs, resolve(dirname(path), target));
    const isOwn = blob !== undefined && !blob.includes(sep) && blob !== "" && blob !== "..";
    const bytes = target === undefined || isOwn ? found.size : 0;
    files.push({ path, bytes, modifiedMs: found.mtimeMs, blob: isOwn ? blob : undefined });
  }
  return files;
}

/** Sizes of the files in `blobs`, also of those that no snapshot needs any more; of shared ones through their link. */
async function blobSizes({ blobs }: RepoLayout): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const name of await entriesOf(blobs)) {
    const found = await stat(join(blobs, name)).catch(() => undefined);
    if (found?.isFile()) sizes.set(name, found.size);
  }
  return sizes;
}

function repoOf(name: string): string | undefined {
  const repo = /^models--(.+)$/.exec(name)?.[1]?.replaceAll("--", "/");
  return repo !== undefined && isRepo(repo) ? repo : undefined;
}

async function entriesOf(folder: string, recursive = false): Promise<string[]> {
  return readdir(folder, { recursive }).catch(() => []);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
