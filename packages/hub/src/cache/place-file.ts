import { randomBytes } from "node:crypto";
import { copyFile, mkdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { RepoFile } from "../types.ts";
import { etagOf, pathIn, type RepoLayout } from "./layout.ts";
import { fileSize, isFileSystemError, readText, writeWhole, writing } from "./write.ts";

export interface PlaceOptions {
  readonly layout: RepoLayout;
  readonly commit: string;
  /** The blob was fetched by this run, so that no other snapshot needs it. */
  readonly fresh: boolean;
  /** For tests of systems without links. */
  readonly link?: typeof symlink;
}

/** What systems say that have no symbolic links, or allow them to administrators only. */
const NO_LINKS: ReadonlySet<string> = new Set([
  "EPERM",
  "EACCES",
  "ENOSYS",
  "ENOTSUP",
  "EOPNOTSUPP",
  "EINVAL",
  "UNKNOWN",
]);

/** The place of a file in its snapshot. */
export function pointerOf(layout: RepoLayout, commit: string, file: RepoFile): string {
  return join(pathIn(join(layout.snapshots, commit), file.path));
}

/** Whether a snapshot has the file, as a link to its blob or as a copy. */
export async function isPlaced(layout: RepoLayout, commit: string, file: RepoFile): Promise<boolean> {
  return (await fileSize(pointerOf(layout, commit, file))) === file.size;
}

/**
 * Makes a blob appear in a snapshot under the names that have its content: by relative links, or, where there are none,
 * as huggingface_hub does: the blob itself is moved if it is new, else copied.
 */
export async function placeFiles(files: readonly RepoFile[], options: PlaceOptions): Promise<void> {
  const { layout, commit, link = symlink } = options;
  const blob = join(layout.blobs, etagOf(files[0]!));
  let source = await sourceOf(blob, files, options);
  for (const file of files) {
    const pointer = pointerOf(layout, commit, file);
    if (source === undefined || (await isPointing(pointer, blob, file))) continue;
    const from = source;
    await writing(pointer, async () => {
      await mkdir(dirname(pointer), { recursive: true });
      if (from === blob && (await linked(pointer, blob, { layout, link }))) return;
      if (options.fresh && from === blob) await rename(blob, pointer);
      else await appear(layout, pointer, (temporary) => copyFile(from, temporary));
      source = pointer;
    });
  }
}

/** The blob, or where an earlier run moved it. */
async function sourceOf(
  blob: string,
  files: readonly RepoFile[],
  { layout, commit }: PlaceOptions,
): Promise<string | undefined> {
  const places = [blob, ...files.map((file) => pointerOf(layout, commit, file))];
  for (const place of places) if ((await fileSize(place)) === files[0]!.size) return place;
  return undefined;
}

async function isPointing(pointer: string, blob: string, file: RepoFile): Promise<boolean> {
  if ((await fileSize(pointer)) !== file.size) return false;
  const target = await readlink(pointer).catch(() => undefined);
  return target === undefined || join(dirname(pointer), target) === blob;
}

async function linked(
  pointer: string,
  blob: string,
  { layout, link }: { layout: RepoLayout; link: typeof symlink },
): Promise<boolean> {
  const target = relative(dirname(pointer), blob);
  try {
    await appear(layout, pointer, (temporary) => link(target, temporary));
    return true;
  } catch (error) {
    if (isFileSystemError(error) && NO_LINKS.has(error.code ?? "")) return false;
    throw error;
  }
}

/** Under another name first: what is in the snapshot is replaced at once or not at all. */
async function appear(
  layout: RepoLayout,
  path: string,
  make: (temporary: string) => Promise<void>,
): Promise<void> {
  await mkdir(layout.records, { recursive: true });
  const temporary = join(layout.records, `${randomBytes(6).toString("hex")}.tmp`);
  try {
    await make(temporary);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Records which commit a branch or tag stands at; what is right already is not written. */
export async function writeRef(layout: RepoLayout, revision: string, commit: string): Promise<void> {
  if (revision === commit) return;
  const path = pathIn(layout.refs, revision);
  if ((await readText(path)) !== commit) await writeWhole(path, commit);
}

/** The commit at which a branch or tag stood when it was fetched last. */
export async function readRef(layout: RepoLayout, revision: string): Promise<string | undefined> {
  const commit = (await readText(pathIn(layout.refs, revision)))?.trim();
  return commit !== undefined && /^[0-9a-f]{40}$/.test(commit) ? commit : undefined;
}
