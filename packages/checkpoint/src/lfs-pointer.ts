import type { ByteSource } from "@pippin/core";
import { checkpointError } from "./errors.ts";

/** How every pointer file begins (the git-LFS specification, version 1). */
const POINTER_START = new TextEncoder().encode("version https://git-lfs");

/**
 * Fails when a file that should hold weights is the pointer that git checks out without git-LFS.
 *
 * @throws PippinError `CHECKPOINT_LFS_POINTER`.
 */
export async function refuseLfsPointer(source: ByteSource, signal?: AbortSignal): Promise<void> {
  if (source.byteLength < POINTER_START.length) return;
  const head = await source.read(0, POINTER_START.length, signal);
  if (!POINTER_START.every((byte, at) => head[at] === byte)) return;
  throw checkpointError("CHECKPOINT_LFS_POINTER", {
    message: `${source.name} is a git-LFS pointer of ${source.byteLength} bytes, not the weights`,
    hint: "Run git lfs install, then git lfs pull in the model's folder, or download the file from the model's page.",
    details: { file: source.name },
  });
}
