import { checkpointError, limitExceeded } from "./errors.ts";
import { JsonCursor } from "./json-cursor.ts";
import { MAX_INDEX_BYTES, MAX_SHARDS, MAX_TENSORS } from "./limits.ts";

/** What `model.safetensors.index.json` says. */
export interface ShardIndex {
  /** Tensor name → file name, in the order of the index. */
  readonly weightMap: ReadonlyMap<string, string>;
  /** The files that are named, sorted. They came out of a file: check each before joining it to a folder. */
  readonly shards: readonly string[];
}

/**
 * Reads a shard index. `metadata` is skipped: published `total_size` values are often wrong (tied weights counted
 * twice), and transformers ignores them.
 *
 * @param json - the text of the file.
 * @param file - what messages call it.
 * @throws PippinError `CHECKPOINT_INDEX_INVALID`, `CHECKPOINT_LIMIT_EXCEEDED`.
 */
export function parseShardIndex(json: string, file = "model.safetensors.index.json"): ShardIndex {
  if (json.length > MAX_INDEX_BYTES)
    throw limitExceeded(file, `it has ${json.length} characters`, MAX_INDEX_BYTES);
  const cursor = new JsonCursor(json, (reason, at) => indexInvalid(file, `at character ${at}: ${reason}`));
  const weightMap = new Map<string, string>();
  let found = false;
  cursor.object((key) => {
    if (key !== "weight_map") return cursor.skip();
    found = true;
    cursor.object((tensor) => {
      if (weightMap.size === MAX_TENSORS) throw limitExceeded(file, "it lists too many tensors", MAX_TENSORS);
      weightMap.set(tensor, cursor.string());
    });
  });
  cursor.end();
  if (!found || weightMap.size === 0) throw indexInvalid(file, "it has no weight_map with tensors");
  const shards = [...new Set(weightMap.values())].sort();
  if (shards.length > MAX_SHARDS) throw limitExceeded(file, `it names ${shards.length} shards`, MAX_SHARDS);
  return { weightMap, shards };
}

function indexInvalid(file: string, reason: string) {
  return checkpointError("CHECKPOINT_INDEX_INVALID", {
    message: `the shard index ${file} cannot be used: ${reason}`,
    hint: "Download the index again; it belongs to the same revision as the shards.",
    details: { file },
  });
}
