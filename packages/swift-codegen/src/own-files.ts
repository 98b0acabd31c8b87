import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { swiftError } from "./errors.ts";

/** Lists what a run wrote, so that the next one knows what it may replace. */
export const RECORD_FILE = ".pippin-swift.json";

const Record = z.object({ version: z.literal(1), files: z.array(z.string()) });

/** What Xcode and Swift leave beside their work, and can make again. */
const LEFT_BEHIND: ReadonlySet<string> = new Set([
  ...[".build", ".swiftpm", "xcuserdata", ".DS_Store", "Package.resolved"],
]);

/** The text of the record for these files. */
export function recordOf(files: readonly string[]): string {
  return `${JSON.stringify({ version: 1, files: [...files].sort() }, null, 2)}\n`;
}

/**
 * Refuses to replace files that an earlier run has not written: entries of a folder are replaced whole.
 *
 * @param written - paths of the files that will be written, below `out`.
 * @throws PippinError `SWIFT_OUTPUT_FOREIGN`.
 */
export async function refuseForeign(out: string, written: readonly string[]): Promise<void> {
  const own = new Set(await recorded(out));
  const replaced = new Set(written.map((path) => path.split("/")[0]!));
  const foreign: string[] = [];
  for (const name of replaced) {
    for (const path of await filesBelow(out, name)) if (!own.has(path)) foreign.push(path);
  }
  if (foreign.length === 0) return;
  const [first] = foreign.sort();
  const count = foreign.length === 1 ? "a file" : `${foreign.length} files`;
  throw swiftError("SWIFT_OUTPUT_FOREIGN", {
    message: `${out} holds ${count} that pippin swift has not written, such as ${JSON.stringify(first)}`,
    hint: "--force replaces only what it wrote: move them elsewhere, or name another folder.",
    details: { out, files: foreign.slice(0, 100) },
  });
}

async function recorded(out: string): Promise<readonly string[]> {
  const text = await readFile(join(out, RECORD_FILE), "utf8").catch(() => undefined);
  if (text === undefined) return [];
  try {
    return [RECORD_FILE, ...Record.parse(JSON.parse(text)).files];
  } catch {
    // A damaged record vouches for nothing.
    return [];
  }
}

/** Paths below `out`, `/` as separator; none where there is nothing. */
async function filesBelow(out: string, path: string): Promise<string[]> {
  const entries = await readdir(join(out, path), { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => (error.code === "ENOTDIR" ? [path] : []),
  );
  const found: string[] = [];
  for (const entry of entries) {
    if (typeof entry === "string") found.push(entry);
    else if (LEFT_BEHIND.has(entry.name)) continue;
    else if (entry.isDirectory()) found.push(...(await filesBelow(out, `${path}/${entry.name}`)));
    else found.push(`${path}/${entry.name}`);
  }
  return found;
}
