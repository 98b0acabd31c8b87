import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { Place } from "../place.ts";
import { cacheDirOf } from "../settings.ts";
import type { RepoFile, SnapshotOptions } from "../types.ts";
import { etagOf, layoutOf } from "./layout.ts";
import { isPlaced, placeFiles, writeRef } from "./place-file.ts";
import { readPythonTree, readRecord, writeRecord } from "./records.ts";
import { fileSize, tagCache } from "./write.ts";

/** The shared cache as the place of a commit's files. */
export function cachePlace(repo: string, commit: string, options: SnapshotOptions): Place {
  const cacheDir = cacheDirOf(options);
  const layout = layoutOf(cacheDir, repo);
  const fetched = new Set<string>();
  const blobOf = (file: RepoFile) => join(layout.blobs, etagOf(file));
  const isBlobThere = async (file: RepoFile) => (await fileSize(blobOf(file))) === file.size;
  const isPresent = async (file: RepoFile) => (await isPlaced(layout, commit, file)) || isBlobThere(file);
  return {
    folder: join(layout.snapshots, commit),
    disk: layout.folder,
    isPresent,
    async slotOf(file) {
      const etag = etagOf(file);
      return {
        target: blobOf(file),
        lock: join(layout.locks, `${etag}.pippin-lock`),
        partialFolder: layout.blobs,
        partialPrefix: etag,
        isThere: () => isPresent(file),
      };
    },
    async readRecord() {
      return (await readRecord(layout.records, commit)) ?? (await readPythonTree(layout.trees, commit));
    },
    async writeRecord(record) {
      if ((await readRecord(layout.records, commit)) !== undefined) return;
      // It saves a question to the Hub; a cache that cannot be written may hold all that is needed.
      await writeRecord(layout.records, commit, record).catch(() => undefined);
    },
    async prepare() {
      await tagCache(cacheDir);
      // Python's tools take a model's folder without it for damaged.
      await mkdir(layout.snapshots, { recursive: true });
    },
    async tidy() {
      const { blobs, snapshots, records, folder, locks } = layout;
      for (const path of [blobs, snapshots, records, folder, locks]) await rmdir(path).catch(() => undefined);
    },
    async arrived(file) {
      fetched.add(etagOf(file));
    },
    /** The ref last: who looks a branch up in the cache finds a snapshot that is whole. */
    async finish(files, requested) {
      for (const [etag, same] of Map.groupBy(files, etagOf)) {
        await placeFiles(same, { layout, commit, fresh: fetched.has(etag) });
      }
      // As Python: what was fetched is there, also where the ref cannot be written.
      await writeRef(layout, requested, commit).catch(() => undefined);
    },
  };
}
