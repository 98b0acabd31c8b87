import type { Finding } from "./examination.ts";
import type { Machine } from "./machine.ts";
import { cleanText } from "./tool-text.ts";

/** Room for a model of half a billion parameters in fp16; what a given model needs is said before it is written. */
const LEAST_DISK_BYTES = 1e9;

/** What to say of a folder that does not serve. */
export interface DiskAdvice {
  /** Room is of no use there: the row's sentence about it would mislead. */
  readonly unwritable: { readonly prevents: string; readonly fix: string };
  /** The step that mends a lack of room. */
  readonly full: string;
}

/** Whether a folder, or the closest one above that exists, can be written and has room. */
export async function examineDisk(
  machine: Pick<Machine, "diskSpace">,
  folder: string,
  { unwritable, full }: DiskAdvice,
): Promise<Finding> {
  const space = await machine.diskSpace(folder);
  const where = cleanText(folder);
  if (space === undefined) return { status: "unknown", found: `the space at ${where} cannot be read` };
  if (!space.writable) return { status: "broken", found: `${where} cannot be written`, ...unwritable };
  const found = `${formatSize(space.freeBytes)} free at ${where}`;
  return space.freeBytes >= LEAST_DISK_BYTES
    ? { status: "ok", found }
    : { status: "missing", found, fix: full };
}

/** Decimal units, as disks count. */
export function formatSize(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}
