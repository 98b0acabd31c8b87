import { readFile } from "node:fs/promises";
import type { StageContext } from "@pippin/core";
import { pathIn } from "./cache/layout.ts";
import { aboutFolder } from "./cache/write.ts";
import { choose } from "./choose-snapshot.ts";
import { concurrencyOf, downloadFiles } from "./download/download-files.ts";
import { licenseIn } from "./find-snapshot.ts";
import { openConnection } from "./http/connection.ts";
import { type Describing, describe, fromCache, type Online, orCached, withoutNetwork } from "./online.ts";
import type { Snapshot, SnapshotOptions } from "./types.ts";

/**
 * Fetches what a conversion needs of a repository: into the cache that Python shares, or into `localDir`.
 *
 * What is on the machine is not fetched again, also the beginnings of files from runs that were interrupted. Every file
 * that is fetched has the size and hash that the Hub names. When the Hub cannot be reached, or does not show the
 * repository, a whole snapshot in the cache is taken, with a warning.
 *
 * @param repo - `ORG/NAME`; `parseModelId` takes a revision off.
 * @returns `path`: the folder with the files.
 * @throws PippinError with a code of `HubErrorCode`, `CORE_CANCELLED`. What had come by then stays for the next run.
 */
export async function fetchSnapshot(
  repo: string,
  options: SnapshotOptions = {},
  context: StageContext = {},
): Promise<Snapshot> {
  const known = await withoutNetwork(repo, options);
  if (known !== undefined) return known;
  const connection = openConnection(options);
  const online = await describe(repo, { connection, options, context }).catch((error) => orCached(error));
  if ("error" in online) return fromCache(repo, { options, context, error: online.error });
  try {
    return await fetchOnline(repo, online, { connection, options, context });
  } catch (error) {
    await online.place.tidy();
    throw options.localDir === undefined ? error : aboutFolder(error);
  }
}

async function fetchOnline(
  repo: string,
  { place, commit, record, requested }: Online,
  { connection, options, context }: Describing,
): Promise<Snapshot> {
  const job = { repo, commit, place, concurrency: concurrencyOf(options) };
  const totals = { fetchedBytes: 0, reusedBytes: 0 };
  const files = await choose(repo, record, options, async (file) => {
    // The index tells which shards there are; it belongs to the snapshot anyway.
    const result = await downloadFiles({ ...job, files: [file] }, connection, {
      ...context,
      progress: () => {},
    });
    totals.fetchedBytes += result.fetchedBytes;
    totals.reusedBytes -= result.fetchedBytes;
    return readFile((await place.slotOf(file)).target).catch(() => readFile(pathIn(place.folder, file.path)));
  });
  const result = await downloadFiles({ ...job, files }, connection, context);
  await place.writeRecord(record);
  await place.finish(files, requested);
  const license = await licenseIn(place.folder, record);
  return {
    repo,
    revision: commit,
    requested,
    path: place.folder,
    files,
    ...(license === undefined ? {} : { license }),
    fetchedBytes: totals.fetchedBytes + result.fetchedBytes,
    reusedBytes: totals.reusedBytes + result.reusedBytes,
  };
}
