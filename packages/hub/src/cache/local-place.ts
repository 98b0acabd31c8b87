import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Slot } from "../download/download-file.ts";
import { freshHash } from "../download/hash.ts";
import type { Place } from "../place.ts";
import { cacheDirOf } from "../settings.ts";
import type { RepoFile, SnapshotOptions } from "../types.ts";
import { etagOf, layoutOf, pathIn } from "./layout.ts";
import { pointerOf } from "./place-file.ts";
import { readPythonTree, readRecord, writeRecord } from "./records.ts";
import { fileSize, readText, tagCache, writeWhole, writing } from "./write.ts";

/**
 * A folder of the user's, as `hf download --local-dir` fills it: plain files, and in `.cache/huggingface/download`
 * for each a `PATH.metadata` with commit, entity tag and time (huggingface_hub 2.4.0, _local_folder.py).
 */
export function localPlace(
  repo: string,
  commit: string,
  options: SnapshotOptions & { localDir: string },
): Place {
  const folder = resolve(options.localDir);
  const state = join(folder, ".cache", "huggingface");
  const paths = (file: RepoFile) => ({
    target: pathIn(folder, file.path),
    metadata: `${pathIn(join(state, "download"), file.path)}.metadata`,
  });
  const layout = layoutOf(cacheDirOf(options), repo);
  const copyOf = async (file: RepoFile) => {
    const places = [join(layout.blobs, etagOf(file)), pointerOf(layout, commit, file)];
    for (const place of places) if ((await fileSize(place)) === file.size) return place;
    return undefined;
  };
  const isPresent = (file: RepoFile) => isUpToDate(file, paths(file));
  return {
    folder,
    disk: folder,
    isPresent,
    async slotOf(file): Promise<Slot> {
      const { target, metadata } = paths(file);
      const name = metadata.slice(dirname(metadata).length + 1);
      return {
        target,
        lock: metadata.replace(/\.metadata$/, ".pippin-lock"),
        partialFolder: dirname(metadata),
        partialPrefix: `${shortHash(name)}.${etagOf(file)}`,
        isThere: () => isPresent(file),
        copy: await copyOf(file),
      };
    },
    readRecord: async () =>
      (await readRecord(join(state, "pippin"), commit)) ??
      (await readPythonTree(join(state, "trees"), commit)),
    writeRecord: (record) => writeRecord(join(state, "pippin"), commit, record),
    async prepare() {
      await tagCache(state);
      await writeFile(join(state, ".gitignore"), "*", { flag: "wx" }).catch(() => undefined);
    },
    arrived: (file) => writeMetadata(file, paths(file).metadata, commit),
    // The folder is the user's.
    tidy: async () => {},
    async finish(files, requested) {
      for (const file of files) {
        const known = await readMetadata(paths(file).metadata);
        if (known?.commit !== commit) await writeMetadata(file, paths(file).metadata, commit);
      }
      const ref = JSON.stringify({ repo, requested, commit });
      const path = join(state, "pippin", "ref.json");
      if ((await readText(path)) !== ref) await writeWhole(path, ref);
    },
  };
}

/** The commit that a folder was filled from, when it was filled by this package. */
export async function readLocalRef(
  localDir: string,
  repo: string,
  requested: string,
): Promise<string | undefined> {
  const text = await readText(join(resolve(localDir), ".cache", "huggingface", "pippin", "ref.json"));
  try {
    const ref = JSON.parse(text ?? "null");
    const isSame = ref?.repo === repo && ref.requested === requested;
    return isSame && /^[0-9a-f]{40}$/.test(ref.commit) ? ref.commit : undefined;
  } catch {
    return undefined;
  }
}

interface LocalPaths {
  readonly target: string;
  readonly metadata: string;
}

/** By the metadata if the file is not younger, else by its hash. */
async function isUpToDate(file: RepoFile, { target, metadata }: LocalPaths): Promise<boolean> {
  const found = await stat(target).catch(() => undefined);
  if (!found?.isFile() || found.size !== file.size) return false;
  const known = await readMetadata(metadata);
  // Python's tolerance: file systems round times.
  const isUnchanged = known !== undefined && found.mtimeMs / 1000 - 1 <= known.timestamp;
  if (isUnchanged) return known.etag === etagOf(file);
  return (await hashOf(target, file)) === etagOf(file);
}

async function hashOf(path: string, file: RepoFile): Promise<string> {
  const hash = freshHash(file);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

async function readMetadata(path: string) {
  const [commit, etag, time] = ((await readText(path)) ?? "").split("\n").map((line) => line.trim());
  const timestamp = Number(time);
  if (!commit || !etag || !time || Number.isNaN(timestamp)) return undefined;
  return { commit, etag, timestamp };
}

async function writeMetadata(file: RepoFile, path: string, commit: string): Promise<void> {
  await writing(path, () => mkdir(dirname(path), { recursive: true }));
  await writeWhole(path, `${commit}\n${etagOf(file)}\n${Date.now() / 1000}\n`);
}

/** As Python shortens names there: url-safe base64 of the SHA-1, with its padding. */
function shortHash(name: string): string {
  const digest = createHash("sha1").update(name).digest("base64");
  return digest.replaceAll("+", "-").replaceAll("/", "_");
}
