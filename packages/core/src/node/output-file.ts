import { rename } from "node:fs/promises";
import { throwIfCancelled } from "../stage.ts";
import { exists, outputExists, placesOf, withLock } from "./output-lock.ts";

export interface OutputFileOptions {
  /** Replace a file that exists. */
  readonly force?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes the file `target` appear whole or not at all: `write` fills a staging file, which is renamed into place when it
 * has returned. A killed run leaves the old file or none, and a folder beside it that the next call removes.
 *
 * @throws PippinError `CORE_OUTPUT_EXISTS`, `CORE_OUTPUT_BUSY`, `CORE_OUTPUT_UNWRITABLE`, `CORE_CANCELLED`;
 *   whatever `write` throws.
 */
export async function withOutputFile<T>(
  target: string,
  options: OutputFileOptions,
  write: (staging: string) => Promise<T>,
): Promise<T> {
  const place = await placesOf(target);
  return withLock(place, async () => {
    await checkOutputFile(target, options);
    const result = await write(place.staging);
    throwIfCancelled(options.signal);
    await rename(place.staging, place.target);
    return result;
  });
}

/**
 * Whether `withOutputFile` would accept the target.
 *
 * @throws PippinError `CORE_OUTPUT_EXISTS`.
 */
export async function checkOutputFile(
  target: string,
  { force }: Pick<OutputFileOptions, "force">,
): Promise<void> {
  if (!force && (await exists(target))) throw outputExists(target, "file");
}
