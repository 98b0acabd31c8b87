import { open } from "node:fs/promises";
import { withOutputFile } from "@pippin/core/node";
import type { SafetensorsDtype } from "../safetensors-dtypes.ts";
import { safetensorsFront } from "../safetensors-header-bytes.ts";

/** A tensor in memory: its bytes are row-major and little-endian. */
export interface TensorBytes {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * Writes a safetensors file of tensors in memory, over an older one; it appears when it is complete.
 *
 * @throws PippinError `CORE_OUTPUT_BUSY`, `CORE_OUTPUT_UNWRITABLE`, `CORE_CANCELLED`.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorBytes>,
  metadata: Readonly<Record<string, string>>,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const placed = new Map(
    [...tensors].map(([name, { dtype, shape, bytes }]) => {
      return [name, { dtype, shape, byteOffset: 0, byteLength: bytes.byteLength }] as const;
    }),
  );
  const front = safetensorsFront(placed, metadata, path);
  await withOutputFile(path, { force: true, signal }, async (staging) => {
    const file = await open(staging, "w");
    try {
      await file.writeFile(front.bytes);
      for (const name of front.order) await file.writeFile(tensors.get(name)!.bytes);
    } finally {
      await file.close();
    }
  });
}
