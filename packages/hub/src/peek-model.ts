import { join } from "node:path";
import {
  type CoreErrorCode,
  memorySource,
  type OpenByteSource,
  PippinError,
  type StageContext,
} from "@pippin/core";
import { fileSource } from "@pippin/core/node";
import { etagOf, layoutOf } from "./cache/layout.ts";
import { pointerOf } from "./cache/place-file.ts";
import type { CommitRecord } from "./cache/records.ts";
import { fileSize } from "./cache/write.ts";
import { rangeSource } from "./download/range-source.ts";
import { readRemote } from "./download/read-remote.ts";
import { quoted } from "./errors.ts";
import { isSafeName } from "./file-names.ts";
import { cachedCommit, placeOf, recordOfFolder } from "./find-snapshot.ts";
import { type Connection, openConnection } from "./http/connection.ts";
import { checkId } from "./model-id.ts";
import { describe, offline, orCached, warnOfCache } from "./online.ts";
import { cacheDirOf, type HubSettings } from "./settings.ts";
import type { RemoteModel, RepoFile } from "./types.ts";

export interface PeekOptions extends HubSettings {
  /** Branch, tag or commit; default: `main`. */
  readonly revision?: string;
}

/** Fetched whole and checked: configs, indexes, chat templates. */
const WHOLE_FILE_BYTES = 256 * 1024;

/**
 * Opens a repository for reading without fetching it: its listing comes at once, of files what is read. Files that are in
 * the cache are read there; nothing is written. When the Hub cannot be reached, or does not show the repository, what the
 * cache has is taken, with a warning.
 *
 * @throws PippinError as `fetchSnapshot` does. `open` also throws `CORE_FILE_UNREADABLE` for names that are not listed.
 */
export async function peekModel(
  repo: string,
  options: PeekOptions = {},
  context: StageContext = {},
): Promise<RemoteModel> {
  checkId(repo, options.revision ?? "main");
  if (options.offline) return cachedModel(repo, options);
  const connection = openConnection(options);
  const online = await describe(repo, { connection, options, context }).catch((error) => orCached(error));
  if ("error" in online) {
    const { error } = online;
    const model = await cachedModel(repo, options).catch(() => {
      throw error;
    });
    warnOfCache(`what the cache has of ${repo}`, model.revision, { context, error });
    return model;
  }
  const { commit, record } = online;
  return modelOf({ repo, commit, record, options, connection, context });
}

/** What the cache knows of a repository, and those of its files that lie there. */
async function cachedModel(repo: string, options: PeekOptions): Promise<RemoteModel> {
  const requested = options.revision ?? "main";
  const commit = await cachedCommit(repo, requested, options);
  if (commit === undefined) {
    throw offline(repo, `the cache does not know ${repo} at ${requested}`, cacheDirOf(options));
  }
  const layout = layoutOf(cacheDirOf(options), repo);
  const record =
    (await placeOf(repo, commit, options).readRecord()) ?? (await recordOfFolder(layout, commit, options));
  if (record.files.length === 0) {
    throw offline(repo, `the cache holds no file of ${repo} at ${requested}`, cacheDirOf(options));
  }
  return modelOf({ repo, commit, record, options, connection: undefined, context: {} });
}

interface Peeked {
  readonly repo: string;
  readonly commit: string;
  readonly record: CommitRecord;
  readonly options: PeekOptions;
  /** Absent when only the cache can be read. */
  readonly connection: Connection | undefined;
  readonly context: StageContext;
}

function modelOf(peeked: Peeked): RemoteModel {
  const { repo, commit, record, connection } = peeked;
  const name = `${repo}@${commit}`;
  const files = new Map(record.files.map((file) => [file.path, file]));
  return {
    name,
    repo,
    revision: commit,
    files: record.files,
    ...(record.license === undefined ? {} : { license: record.license }),
    gated: record.gated,
    get transferredBytes() {
      return connection?.transferredBytes ?? 0;
    },
    list: async () => record.files.map((file) => file.path),
    // An address for messages; no path on a disk is made of it.
    locate: (path) => `${name}/${path}`,
    async open(path, signal) {
      const file = files.get(path);
      if (file === undefined) throw notListed(name, path);
      return openFile(peeked, file, signal);
    },
  };
}

async function openFile(
  { repo, commit, options, connection, context }: Peeked,
  file: RepoFile,
  signal: AbortSignal | undefined,
): Promise<OpenByteSource> {
  const name = `${repo}/${file.path}`;
  const cached = await pathInCache(repo, commit, { file, cacheDir: cacheDirOf(options) });
  if (cached !== undefined) return fileSource(cached, name);
  if (connection === undefined)
    throw offline(repo, `the cache lacks ${file.path} of ${repo}`, cacheDirOf(options));
  const remote = { repo, commit, file };
  if (file.size > WHOLE_FILE_BYTES) return rangeSource(connection, remote);
  const bytes = await readRemote(connection, remote, { signal: signal ?? context.signal });
  return { ...memorySource(bytes, name), close: async () => {} };
}

async function pathInCache(
  repo: string,
  commit: string,
  { file, cacheDir }: { file: RepoFile; cacheDir: string },
): Promise<string | undefined> {
  const layout = layoutOf(cacheDir, repo);
  // A name from a listing becomes a path only if it may; the blob's name is a hash.
  const blob = join(layout.blobs, etagOf(file));
  const places = isSafeName(file.path) ? [blob, pointerOf(layout, commit, file)] : [blob];
  for (const place of places) if ((await fileSize(place)) === file.size) return place;
  return undefined;
}

function notListed(name: string, path: string): PippinError<CoreErrorCode> {
  return new PippinError("CORE_FILE_UNREADABLE", {
    message: `${name} has no file ${quoted(path)}`,
    hint: "Check the name on the page Files and versions of the model.",
    details: { name, path },
  });
}
