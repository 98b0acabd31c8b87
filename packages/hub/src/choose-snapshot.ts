import type { CommitRecord } from "./cache/records.ts";
import { chooseFiles } from "./choose-files.ts";
import { checkFileNames } from "./file-names.ts";
import { contradiction } from "./http/failures.ts";
import type { RepoFile, SnapshotOptions } from "./types.ts";

/** A shard index has about 100 bytes a tensor. */
const MAX_INDEX_BYTES = 64 * 1024 * 1024;

/** The files of a snapshot, by names that may become paths; `read` gives the content of the shard index. */
export async function choose(
  repo: string,
  record: CommitRecord,
  { include, exclude }: SnapshotOptions,
  read: (file: RepoFile) => Promise<Uint8Array>,
): Promise<RepoFile[]> {
  const files = await chooseFiles({
    repo,
    files: record.files,
    include,
    exclude,
    readJson: async (file) => {
      if (file.size > MAX_INDEX_BYTES) throw contradiction(repo, `has a shard index of ${file.size} bytes`);
      checkFileNames(repo, [file.path]);
      return parseJson(await read(file));
    },
  });
  checkFileNames(
    repo,
    files.map((file) => file.path),
  );
  return files;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // chooseFiles says what is wrong with it.
    return undefined;
  }
}
