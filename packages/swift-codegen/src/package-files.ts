import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { copyFile, lstat, mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ArtifactFile, CHUNK_BYTES, type StageContext, throwIfCancelled } from "@pippin/core";
import { resolveInside } from "@pippin/core/node";
import { swiftError } from "./errors.ts";
import type { SwiftInput } from "./input.ts";
import { MANIFEST_FILE, SELF_TEST_FILE, TOKENIZER_FILE, TOKENIZER_SELF_TEST_FILE } from "./model-files.ts";

/** Which hashes a listed file must have. `any`: of the whole or of its pieces; `all`: both, for downloads. */
export type NeededHashes = "any" | "all";

const OURS: ReadonlySet<string> = new Set([
  MANIFEST_FILE,
  TOKENIZER_FILE,
  TOKENIZER_SELF_TEST_FILE,
  SELF_TEST_FILE,
]);

/**
 * The files of the packages that a manifest names, with sizes as they are on disk. Those that the manifest lists must be there and as
 * large as it says; without a list all that lies in the packages counts.
 *
 * @throws PippinError `SWIFT_PACKAGE_DAMAGED`, `CORE_PATH_ESCAPES`.
 */
export async function packageFiles({ manifest, packageFolder }: SwiftInput): Promise<ArtifactFile[]> {
  for (const name of manifest.packages) checkPackageName(name);
  if (manifest.files === undefined) {
    const found = await Promise.all(manifest.packages.map((name) => listed(packageFolder, name)));
    return found.flat();
  }
  for (const { path, size } of manifest.files) {
    const full = resolveInside(packageFolder, path);
    const inside = manifest.packages.some((name) => path === name || path.startsWith(`${name}/`));
    if (!inside) throw damaged(path, "it belongs to none of the packages that the manifest names");
    const found = await lstat(full).catch(() => undefined);
    if (!found?.isFile()) throw damaged(path, "it is missing or not a regular file");
    if (found.size !== size) throw damaged(path, `it has ${found.size} bytes, the manifest says ${size}`);
  }
  return manifest.files;
}

/** A package is one entry of the folder, and none of our own files. */
function checkPackageName(name: string): void {
  const plain = !/[\\/:]/.test(name) && name !== "." && name !== "..";
  resolveInside("/", name);
  if (!plain || OURS.has(name)) throw damaged(name, "that is no name of a package");
}

async function listed(folder: string, path: string): Promise<ArtifactFile[]> {
  const full = join(folder, path);
  const found = await lstat(full).catch(() => undefined);
  if (found?.isFile()) return [{ path, size: found.size }];
  if (!found?.isDirectory()) throw damaged(path, "it is missing or neither a file nor a folder");
  const entries = (await readdir(full)).sort();
  return (await Promise.all(entries.map((entry) => listed(folder, `${path}/${entry}`)))).flat();
}

/**
 * Fills in hashes that are missing; files are read as streams.
 *
 * @throws PippinError `SWIFT_PACKAGE_DAMAGED` when a file that is read has other hashes than the manifest says.
 */
export async function withHashes(
  files: readonly ArtifactFile[],
  { folder, needed }: { readonly folder: string; readonly needed: NeededHashes },
  context: StageContext,
): Promise<ArtifactFile[]> {
  const hashed: ArtifactFile[] = [];
  for (const file of files) {
    const { sha256, chunkSha256 } = file;
    const enough =
      needed === "any"
        ? sha256 !== undefined || chunkSha256 !== undefined
        : sha256 !== undefined && chunkSha256 !== undefined;
    hashed.push(enough ? file : { ...file, ...(await hashesOf(file, folder, context)) });
  }
  return hashed;
}

/**
 * Reads the files and compares them with their hashes.
 *
 * @throws PippinError `SWIFT_PACKAGE_DAMAGED`.
 */
export async function checkHashes(
  files: readonly ArtifactFile[],
  folder: string,
  context: StageContext,
): Promise<void> {
  for (const file of files) await hashesOf(file, folder, context);
}

async function hashesOf(
  { path, size, sha256, chunkSha256 }: ArtifactFile,
  folder: string,
  { signal, progress }: StageContext,
): Promise<Pick<ArtifactFile, "sha256" | "chunkSha256">> {
  const whole = createHash("sha256");
  const chunks: string[] = [];
  let chunk = createHash("sha256");
  let [inChunk, done] = [0, 0];
  for await (const data of createReadStream(resolveInside(folder, path), { highWaterMark: 1 << 20 })) {
    throwIfCancelled(signal);
    let bytes = data as Buffer;
    whole.update(bytes);
    done += bytes.length;
    while (inChunk + bytes.length >= CHUNK_BYTES) {
      chunks.push(chunk.update(bytes.subarray(0, CHUNK_BYTES - inChunk)).digest("hex"));
      bytes = bytes.subarray(CHUNK_BYTES - inChunk);
      chunk = createHash("sha256");
      inChunk = 0;
    }
    chunk.update(bytes);
    inChunk += bytes.length;
    progress?.({ stage: "swift", unit: "bytes", done, total: size, item: path });
  }
  if (inChunk > 0) chunks.push(chunk.digest("hex"));
  const found = { sha256: whole.digest("hex"), chunkSha256: chunks };
  const differs =
    (sha256 !== undefined && sha256 !== found.sha256) ||
    (chunkSha256 !== undefined && chunkSha256.join() !== found.chunkSha256.join());
  if (differs) throw damaged(path, "its bytes have another hash than the manifest says");
  return found;
}

/** Copies the files; where the file system can, they share their blocks with the originals. */
export async function copyFiles(
  files: readonly ArtifactFile[],
  { from, to }: { readonly from: string; readonly to: string },
  { signal, progress }: StageContext,
): Promise<void> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const { path, size } of files) {
    throwIfCancelled(signal);
    const target = resolveInside(to, path);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(resolveInside(from, path), target, constants.COPYFILE_FICLONE);
    done += size;
    progress?.({ stage: "swift", unit: "bytes", done, total, item: path });
  }
}

function damaged(path: string, reason: string) {
  return swiftError("SWIFT_PACKAGE_DAMAGED", {
    message: `${JSON.stringify(path)} of the package cannot be used: ${reason}`,
    hint: "Convert the model again.",
    details: { path },
  });
}
