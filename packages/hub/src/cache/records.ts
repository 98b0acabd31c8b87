import { join } from "node:path";
import type { License } from "../license.ts";
import { isObject, isRepoFile } from "../repo-file.ts";
import type { RepoFile } from "../types.ts";
import { readText, writeWhole } from "./write.ts";

/** What the Hub said about a commit, which never changes: kept so that it is asked once, and known when offline. */
export interface CommitRecord {
  readonly files: readonly RepoFile[];
  readonly gated: boolean;
  readonly license?: License;
}

const FORMAT = 1;

/** `FOLDER/COMMIT.json`; undefined when there is none, or none that can be read. */
export async function readRecord(folder: string, commit: string): Promise<CommitRecord | undefined> {
  const value = await readJson(join(folder, `${commit}.json`));
  if (value?.format !== FORMAT || !Array.isArray(value.files) || !value.files.every(isRepoFile))
    return undefined;
  const license = isLicense(value.license) ? value.license : undefined;
  return { files: value.files, gated: value.gated === true, ...(license === undefined ? {} : { license }) };
}

export async function writeRecord(folder: string, commit: string, record: CommitRecord): Promise<void> {
  const text = JSON.stringify({ format: FORMAT, ...record }, undefined, 1);
  await writeWhole(join(folder, `${commit}.json`), `${text}\n`);
}

/** The listing that huggingface_hub keeps in `trees/COMMIT.json` (format_version 1 of its _tree_cache.py). */
export async function readPythonTree(folder: string, commit: string): Promise<CommitRecord | undefined> {
  const value = await readJson(join(folder, `${commit}.json`));
  if (value?.format_version !== 1 || !isObject(value.files)) return undefined;
  const files = Object.entries(value.files).map(([path, entry]) => {
    const { size, blob_id, lfs_sha256, lfs_size } = isObject(entry) ? entry : {};
    const hash = typeof lfs_sha256 === "string" ? { sha256: lfs_sha256 } : {};
    return { path, size: lfs_size ?? size, oid: blob_id, ...hash };
  });
  return files.every(isRepoFile) ? { files, gated: false } : undefined;
}

function isLicense(value: unknown): value is License {
  return isObject(value) && typeof value.id === "string";
}

async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse((await readText(path)) ?? "null");
    return isObject(value) ? value : undefined;
  } catch {
    // A damaged record is as good as none: the Hub is asked again.
    return undefined;
  }
}
