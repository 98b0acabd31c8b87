import { type FileHandle, open, rm } from "node:fs/promises";
import { PippinError } from "@pippin/core";
import type { KernelsErrorCode } from "../errors.ts";

/**
 * Creates a file of `byteLength` bytes and lets `fill` write it by descriptor; removes it when that fails.
 *
 * @throws PippinError `KERNELS_OUTPUT_UNWRITABLE`; whatever `fill` throws.
 */
export async function withOutputFile<T>(
  path: string,
  byteLength: number,
  fill: (descriptor: number) => Promise<T>,
): Promise<T> {
  const file = await open(path, "w+").catch((cause) => {
    throw outputUnwritable(path, cause);
  });
  try {
    await preallocate(path, file, byteLength);
    const result = await fill(file.fd);
    await file.close();
    return result;
  } catch (error) {
    await file.close().catch(() => undefined); // the first error is the one to report
    await rm(path, { force: true });
    throw error;
  }
}

async function preallocate(path: string, file: FileHandle, byteLength: number): Promise<void> {
  try {
    await file.truncate(byteLength);
  } catch (cause) {
    throw outputUnwritable(path, cause);
  }
}

export function outputUnwritable(path: string, cause: unknown): PippinError<KernelsErrorCode> {
  const full = cause instanceof Error && "code" in cause && cause.code === "ENOSPC";
  return new PippinError("KERNELS_OUTPUT_UNWRITABLE", {
    message: `cannot write ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: full ? "Free some space on this disk, or write to another one." : "Check the folder's permissions.",
    details: { path },
    cause,
  });
}
