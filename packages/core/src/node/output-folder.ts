import { mkdir, rename, rm } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { type CoreErrorCode, PippinError } from "../errors.ts";
import { throwIfCancelled } from "../stage.ts";
import { entriesOf, exists, type OutputPlaces, outputExists, placesOf, withLock } from "./output-lock.ts";

export interface OutputFolderOptions {
  /** Replace a folder that is not empty. */
  readonly force?: boolean;
  /** With `force`: entries of the old folder that are carried over unless the new one has the name; default: all. */
  readonly keep?: (name: string) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes the folder `target` appear whole or not at all.
 *
 * `write` fills a staging folder beside the target, which is renamed into place when it has returned. The old
 * folder is set aside first and removed last, so that a process killed at any moment leaves either the old or the
 * new folder, perhaps with leftovers that the next call repairs. A target that is a symbolic link stays one.
 *
 * @throws PippinError `CORE_OUTPUT_EXISTS`, `CORE_OUTPUT_BUSY`, `CORE_OUTPUT_UNWRITABLE`, `CORE_CANCELLED`;
 *   whatever `write` throws.
 */
export async function withOutputFolder<T>(
  target: string,
  options: OutputFolderOptions,
  write: (staging: string) => Promise<T>,
): Promise<T> {
  const place = await placesOf(target);
  return withLock(place, async () => {
    await repair(place);
    await checkOutputFolder(target, options);
    await mkdir(place.staging);
    const result = await write(place.staging);
    throwIfCancelled(options.signal);
    await swapIn(place, options.keep ?? (() => true));
    return result;
  });
}

/**
 * Whether `withOutputFolder` would accept the target: for dry runs, and before long work.
 *
 * @throws PippinError `CORE_OUTPUT_EXISTS`, `CORE_OUTPUT_UNWRITABLE`.
 */
export async function checkOutputFolder(
  target: string,
  { force }: Pick<OutputFolderOptions, "force">,
): Promise<void> {
  if ((await entriesOf(target)).length > 0 && !force) throw outputExists(target, "folder");
  const inside = relative(resolve(target), process.cwd());
  if (inside === "" || !(inside.startsWith("..") || isAbsolute(inside))) throw outputIsHere(target);
}

/**
 * Repairs what a killed run left beside `target`: finishes or undoes its swap and removes its staging folders.
 *
 * @throws PippinError `CORE_OUTPUT_BUSY` when the run is still alive, `CORE_OUTPUT_UNWRITABLE`.
 */
export async function recoverOutputFolder(target: string): Promise<void> {
  const place = await placesOf(target);
  const leftovers = (await entriesOf(place.parent)).filter((entry) => entry.startsWith(place.prefix));
  if (leftovers.length > 0) await withLock(place, () => repair(place));
}

/** Folders are replaced by renaming: who stands in the old one would be left in a deleted folder. */
function outputIsHere(target: string): PippinError<CoreErrorCode> {
  return new PippinError("CORE_OUTPUT_UNWRITABLE", {
    message: `the output folder ${target} is the current folder, or holds it`,
    hint: "Name another folder with --out, such as one within the current folder.",
    details: { target },
  });
}

async function swapIn(place: OutputPlaces, keep: (name: string) => boolean): Promise<void> {
  const { target, staging, aside, dropped } = place;
  const fresh = new Set(await entriesOf(staging));
  const drop = (await entriesOf(target)).filter((name) => fresh.has(name) || !keep(name));
  try {
    if (await exists(target)) {
      await rename(target, aside);
      await mkdir(dropped);
      for (const name of drop) await rename(join(aside, name), join(dropped, name));
    }
    await rename(staging, target);
  } finally {
    // Without a target this undoes the swap, with one it finishes it.
    await repair(place);
  }
}

/** Brings the old folder back when the new one did not arrive; else carries over what is kept of it. */
async function repair({ target, aside, dropped }: OutputPlaces): Promise<void> {
  if (await exists(target)) {
    await moveEntries(aside, target);
  } else if (await exists(aside)) {
    await moveEntries(dropped, aside);
    await rename(aside, target);
  }
  await rm(aside, { recursive: true, force: true });
  await rm(dropped, { recursive: true, force: true });
}

/** Moves the entries that `to` does not have. */
async function moveEntries(from: string, to: string): Promise<void> {
  const present = new Set(await entriesOf(to));
  for (const name of await entriesOf(from)) {
    if (!present.has(name)) await rename(join(from, name), join(to, name));
  }
}
