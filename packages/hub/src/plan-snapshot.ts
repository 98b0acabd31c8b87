import { readFile } from "node:fs/promises";
import type { StageContext } from "@pippin/core";
import { pathIn } from "./cache/layout.ts";
import { fileSize } from "./cache/write.ts";
import { choose } from "./choose-snapshot.ts";
import { distinctBytes, missingBytes } from "./download/download-files.ts";
import { readRemote } from "./download/read-remote.ts";
import { placeOf } from "./find-snapshot.ts";
import { openConnection } from "./http/connection.ts";
import { describe, fromCache, orCached, withoutNetwork } from "./online.ts";
import type { Place } from "./place.ts";
import type { Snapshot, SnapshotOptions, SnapshotPlan } from "./types.ts";

/**
 * What `fetchSnapshot` would do. Nothing is written.
 *
 * @throws PippinError as `fetchSnapshot` does, apart from those about writing.
 */
export async function planSnapshot(
  repo: string,
  options: SnapshotOptions = {},
  context: StageContext = {},
): Promise<SnapshotPlan> {
  const known = await withoutNetwork(repo, options);
  if (known !== undefined) return planOf(known, placeOf(repo, known.revision, options));
  const connection = openConnection(options);
  const online = await describe(repo, { connection, options, context }).catch((error) => orCached(error));
  if ("error" in online) {
    const snapshot = await fromCache(repo, { options, context, error: online.error });
    return planOf(snapshot, placeOf(repo, snapshot.revision, options));
  }
  const { place, commit, record } = online;
  const files = await choose(repo, record, options, async (file) => {
    const slot = await place.slotOf(file);
    for (const path of [slot.target, pathIn(place.folder, file.path)]) {
      if ((await fileSize(path)) === file.size) return readFile(path);
    }
    return readRemote(connection, { repo, commit, file }, context);
  });
  return planOf({ ...record, repo, revision: commit, files }, place);
}

async function planOf(
  source: Pick<Snapshot, "repo" | "revision" | "files" | "license">,
  place: Place,
): Promise<SnapshotPlan> {
  const files: SnapshotPlan["files"][number][] = [];
  for (const file of source.files) files.push({ ...file, present: await place.isPresent(file) });
  return {
    repo: source.repo,
    revision: source.revision,
    files,
    missingBytes: await missingBytes(source.files, place),
    totalBytes: distinctBytes(source.files),
    ...(source.license === undefined ? {} : { license: source.license }),
  };
}
