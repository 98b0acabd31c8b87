import type { StageContext } from "@pippin/core";
import { fileSource } from "@pippin/core/node";
import { readGguf } from "../gguf.ts";
import type { GgufValue } from "../gguf-values.ts";

/**
 * The metadata of a GGUF file of any architecture, also of one that holds a vocabulary and no weights.
 *
 * @throws PippinError `CHECKPOINT_GGUF_INVALID` and its kin, `CORE_FILE_UNREADABLE`.
 */
export async function readGgufMetadata(
  path: string,
  { signal }: StageContext = {},
): Promise<ReadonlyMap<string, GgufValue>> {
  const source = await fileSource(path);
  try {
    return (await readGguf(source, signal)).metadata;
  } finally {
    await source.close();
  }
}
