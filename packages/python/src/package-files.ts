import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ArtifactFile, CHUNK_BYTES, throwIfCancelled } from "@pippin/core";

/** All files below a folder in order of path, with sizes and hashes; of large ones also of each piece, where wanted. */
export async function packageFiles(
  folder: string,
  { chunkHashes, signal }: { readonly chunkHashes: boolean; readonly signal?: AbortSignal | undefined },
): Promise<ArtifactFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  const files: ArtifactFile[] = [];
  for (const path of paths.sort()) {
    throwIfCancelled(signal);
    const full = join(folder, path);
    const { size } = await stat(full);
    files.push({ path: path.replaceAll("\\", "/"), size, ...(await hashesOf(full, chunkHashes)) });
  }
  return files;
}

async function hashesOf(
  path: string,
  chunkHashes: boolean,
): Promise<Pick<ArtifactFile, "sha256" | "chunkSha256">> {
  const whole = createHash("sha256");
  const chunks: string[] = [];
  let chunk: Hash = createHash("sha256");
  let filled = 0;
  for await (const data of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const bytes: Uint8Array = data;
    whole.update(bytes);
    for (let done = 0; done < bytes.length; ) {
      const taken = bytes.subarray(done, done + CHUNK_BYTES - filled);
      chunk.update(taken);
      done += taken.length;
      filled += taken.length;
      if (filled === CHUNK_BYTES) {
        chunks.push(chunk.digest("hex"));
        chunk = createHash("sha256");
        filled = 0;
      }
    }
  }
  if (filled > 0) chunks.push(chunk.digest("hex"));
  const sha256 = whole.digest("hex");
  return chunkHashes && chunks.length > 1 ? { sha256, chunkSha256: chunks } : { sha256 };
}
