import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Decoder } from "@pippin/decoder";
import { cacheKey } from "../cache-key.ts";
import type { WeightChoices } from "./choose.ts";

/** Raised when the same model and text give other figures. */
const VERSION = 1;

/** Finished measurements on disk, a line of JSON for each unit. */
export interface SearchCache {
  get(unit: string): WeightChoices[] | undefined;
  put(unit: string, choices: readonly WeightChoices[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens the measurements that were made under a key; a line that a killed run left half-written counts for nothing. */
export async function openCache(folder: string, key: string): Promise<SearchCache> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `search-${key.slice(0, 16)}.jsonl`);
  const known = new Map<string, WeightChoices[]>();
  const text = await readFile(path, "utf8").catch(() => "");
  for (const line of text.split("\n")) {
    const entry = parsed(line);
    if (entry !== undefined) known.set(entry.unit, entry.choices);
  }
  const file = await open(path, "a");
  // The next line must not join a broken one.
  if (text !== "" && !text.endsWith("\n")) await file.write("\n");
  return {
    get: (unit) => known.get(unit),
    put: async (unit, choices) => void (await file.write(`${JSON.stringify({ unit, choices })}\n`)),
    close: () => file.close(),
  };
}

/** The key of measurements on a text. */
export function searchKey(
  decoder: Decoder,
  windows: readonly (readonly number[])[],
  candidates: readonly string[],
): Promise<string> {
  return cacheKey(decoder, ["search", VERSION, windows, candidates]);
}

function parsed(line: string): { unit: string; choices: WeightChoices[] } | undefined {
  try {
    // Written by `put` under the same key.
    return line === "" ? undefined : JSON.parse(line);
  } catch {
    return undefined;
  }
}
