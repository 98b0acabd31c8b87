import { closeSync, openSync, readSync } from "node:fs";
import { PippinError } from "@pippin/core";
import type { KernelsErrorCode } from "../errors.ts";
import type { PartSource } from "../weight-expr.ts";

/** Files that stay open between positional reads, until `close`. */
export class SourceFiles {
  readonly #descriptors = new Map<string, number>();

  /**
   * Fills `target` from `position` on.
   *
   * @throws PippinError `KERNELS_SOURCE_UNREADABLE`, `KERNELS_SOURCE_TRUNCATED`.
   */
  read(file: string, target: Uint8Array, position: number): void {
    const descriptor = this.#open(file);
    let done = 0;
    while (done < target.byteLength) {
      const count = readAt(file, descriptor, target.subarray(done), position + done);
      if (count === 0) throw truncated(file, position + target.byteLength, position + done);
      done += count;
    }
  }

  /** Fills `target` with bytes of a part of a packed matrix from `offset` on. @throws as `read`. */
  readPart({ file, byteOffset, inline }: PartSource, target: Uint8Array, offset: number): void {
    if (inline === undefined) this.read(file, target, byteOffset + offset);
    else target.set(inline.subarray(offset, offset + target.byteLength));
  }

  close(): void {
    for (const descriptor of this.#descriptors.values()) closeSync(descriptor);
    this.#descriptors.clear();
  }

  #open(file: string): number {
    const known = this.#descriptors.get(file);
    if (known !== undefined) return known;
    try {
      const descriptor = openSync(file, "r");
      this.#descriptors.set(file, descriptor);
      return descriptor;
    } catch (cause) {
      throw unreadable(file, cause);
    }
  }
}

function readAt(file: string, descriptor: number, target: Uint8Array, position: number): number {
  try {
    return readSync(descriptor, target, 0, target.byteLength, position);
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function truncated(file: string, wanted: number, found: number): PippinError<KernelsErrorCode> {
  return new PippinError("KERNELS_SOURCE_TRUNCATED", {
    message: `${file} ends at byte ${found}, a tensor reaches to byte ${wanted}`,
    hint: "The download is probably cut off: delete the file and fetch it again.",
    details: { file, wanted, found },
  });
}

function unreadable(file: string, cause: unknown): PippinError<KernelsErrorCode> {
  return new PippinError("KERNELS_SOURCE_UNREADABLE", {
    message: `cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: "Check that the file still exists and that you may read it.",
    details: { file },
    cause,
  });
}
