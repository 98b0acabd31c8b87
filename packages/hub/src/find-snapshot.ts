import { readdir, readFile, readlink } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { isPippinError } from "@pippin/core";
import { cachePlace } from "./cache/cache-place.ts";
import { layoutOf, pathIn, type RepoLayout } from "./cache/layout.ts";
import { localPlace, readLocalRef } from "./cache/local-place.ts";
import { isPlaced, readRef } from "./cache/place-file.ts";
import type { CommitRecord } from "./cache/records.ts";
import { fileSize, readText } from "./cache/write.ts";
import { chooseFiles } from "./choose-files.ts";
import { distinctBytes } from "./download/download-files.ts";
import { checkFileNames } from "./file-names.ts";
import { type License, readLicense } from "./license.ts";
import { checkId, isCommit } from "./model-id.ts";
import type { Place } from "./place.ts";
import { cacheDirOf } from "./settings.ts";
import type { RepoFile, Snapshot, SnapshotOptions } from "./types.ts";

/** What the machine holds of a snapshot: all of it, or what is missing, in words. */
export type Found = { readonly snapshot: Snapshot } | { readonly missing: string };

/**
 * A snapshot that is whole on this machine, in the cache or in `localDir`, whoever fetched it. No network.
 *
 * @throws PippinError `HUB_ID_INVALID`.
 */
export async function findSnapshot(
  repo: string,
  options: SnapshotOptions = {},
): Promise<Snapshot | undefined> {
  const found = await lookUp(repo, options);
  return "snapshot" in found ? found.snapshot : undefined;
}

export async function lookUp(repo: string, options: SnapshotOptions): Promise<Found> {
  const requested = options.revision ?? "main";
  checkId(repo, requested);
  const commit = await cachedCommit(repo, requested, options);
  if (commit === undefined) return { missing: `the cache does not know ${repo} at ${requested}` };
  const place = placeOf(repo, commit, options);
  const layout = layoutOf(cacheDirOf(options), repo);
  const record = (await place.readRecord()) ?? (await recordOfFolder(layout, commit, options));
  try {
    const files = await chooseFiles({
      repo,
      files: record.files,
      include: options.include,
      exclude: options.exclude,
      readJson: async (file) => JSON.parse(await readFile(pathIn(place.folder, file.path), "utf8")),
    });
    checkFileNames(
      repo,
      files.map((file) => file.path),
    );
    const missing = await missingOf(files, { place, layout, commit, options });
    if (missing.length > 0) return { missing: wordsFor(repo, missing, files.length) };
    const license = await licenseIn(place.folder, record);
    const reusedBytes = distinctBytes(files);
    const snapshot = {
      repo,
      revision: commit,
      requested,
      path: place.folder,
      files,
      fetchedBytes: 0,
      reusedBytes,
    };
    return { snapshot: { ...snapshot, ...(license === undefined ? {} : { license }) } };
  } catch (error) {
    const reason = isPippinError(error) ? error.message : `its shard index cannot be read`;
    return { missing: `the cache holds a part of ${repo} at ${requested}: ${reason}` };
  }
}

export function placeOf(repo: string, commit: string, options: SnapshotOptions): Place {
  const { localDir } = options;
  return localDir === undefined
    ? cachePlace(repo, commit, options)
    : localPlace(repo, commit, { ...options, localDir });
}

/** The commit that a revision meant when it was fetched last. */
export async function cachedCommit(
  repo: string,
  requested: string,
  options: SnapshotOptions,
): Promise<string | undefined> {
  if (isCommit(requested)) return requested;
  const local =
    options.localDir === undefined ? undefined : await readLocalRef(options.localDir, repo, requested);
  return local ?? (await readRef(layoutOf(cacheDirOf(options), repo), requested));
}

/** The license in the model card that lies there, else the recorded one. */
export async function licenseIn(
  folder: string,
  record: { readonly license?: License },
): Promise<License | undefined> {
  const card = await readText(join(folder, "README.md"));
  const read = card === undefined ? undefined : readLicense(card);
  // The record's has addresses for relative links.
  return read === undefined || read.id === record.license?.id ? (record.license ?? read) : read;
}

interface Looking {
  readonly place: Place;
  readonly layout: RepoLayout;
  readonly commit: string;
  readonly options: SnapshotOptions;
}

/** In the cache a blob alone does not count: the snapshot's folder is what is handed out. */
async function missingOf(files: readonly RepoFile[], looking: Looking): Promise<RepoFile[]> {
  const { place, layout, commit, options } = looking;
  const missing: RepoFile[] = [];
  for (const file of files) {
    const isThere =
      options.localDir === undefined ? await isPlaced(layout, commit, file) : await place.isPresent(file);
    if (!isThere) missing.push(file);
  }
  return missing;
}

function wordsFor(repo: string, missing: readonly RepoFile[], of: number): string {
  const names = missing.slice(0, 3).map((file) => file.path);
  const more = missing.length > 3 ? `, … (${missing.length} of ${of} files)` : "";
  return `the cache lacks of ${repo}: ${names.join(", ")}${more}`;
}

/** Without a record: what lies in the snapshot's folder. Links name the hashes; of copies only sizes are known. */
export async function recordOfFolder(
  layout: RepoLayout,
  commit: string,
  options: SnapshotOptions,
): Promise<CommitRecord> {
  if (options.localDir !== undefined) return { files: [], gated: false };
  const folder = join(layout.snapshots, commit);
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const files: RepoFile[] = [];
  for (const entry of entries) {
    const path = join(folder, entry);
    const size = await fileSize(path);
    if (size === undefined) continue;
    const etag = basename((await readlink(path).catch(() => undefined)) ?? "");
    const hash = /^[0-9a-f]{64}$/.test(etag) ? { sha256: etag, oid: "" } : { oid: etag };
    files.push({ path: relative(folder, path).replaceAll(sep, "/"), size, ...hash });
  }
  return { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)), gated: false };
}
