import { hubError, quoted } from "./errors.ts";

/** Names that Windows gives to devices, with any ending. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;
/** Folders whose content has a meaning of its own where the files lie: git's hooks, the state of downloads. */
const RESERVED = /^(?:\.git|\.cache)$/i;
/** File systems end here; longer names would fail on some. */
const MAX_SEGMENT_BYTES = 255;
/** What Windows does not have in names (a colon opens a stream or names a drive), and control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const FOREIGN = /[\u0000-\u001f\u007f"*:<>?\\|]/;

/**
 * Refuses names that must not become paths on this machine. The rules are the same on all systems, so that a
 * repository behaves alike everywhere and a cache can be moved.
 *
 * @throws PippinError `HUB_PATH_UNSAFE`.
 */
export function checkFileNames(repo: string, paths: readonly string[]): void {
  for (const path of paths) {
    const problem = problemOf(path);
    if (problem !== undefined) throw unsafe(repo, path, problem);
  }
  checkCollisions(repo, paths);
}

/** Whether a name may become a path. */
export function isSafeName(path: string): boolean {
  return problemOf(path) === undefined;
}

function problemOf(path: string): string | undefined {
  if (path === "") return "is empty";
  if (FOREIGN.test(path))
    return "holds a backslash, a colon or another character that some systems do not allow";
  const segments = path.split("/");
  if (segments.some((segment) => segment === "" || segment === "." || segment === "..")) {
    return "would leave its folder or is not in its simplest form";
  }
  if (segments.some((segment) => /[. ]$/.test(segment))) return "has a part that ends with a dot or a space";
  if (segments.some((segment) => DEVICE.test(segment))) return "is a device on Windows";
  if (RESERVED.test(segments[0]!)) return "lies in a folder that is not for models";
  if (segments.some((segment) => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES)) return "is too long";
  return undefined;
}

/** Two names that are one on a file system that ignores case or composes accents, or a file where a folder is needed. */
function checkCollisions(repo: string, paths: readonly string[]): void {
  const files = new Map<string, string>();
  for (const path of paths) {
    const key = folded(path);
    const other = files.get(key);
    if (other !== undefined)
      throw unsafe(repo, path, `differs from ${quoted(other)} only in case or accents`);
    files.set(key, path);
  }
  const folders = new Map<string, string>();
  for (const path of paths) {
    const segments = path.split("/");
    for (let count = 1; count < segments.length; count++) {
      const folder = segments.slice(0, count).join("/");
      const file = files.get(folded(folder));
      const spelled = folders.get(folded(folder)) ?? folder;
      if (file !== undefined) throw unsafe(repo, path, `needs a folder where the file ${quoted(file)} is`);
      if (spelled !== folder)
        throw unsafe(repo, path, `lies in a folder that is also spelled ${quoted(spelled)}`);
      folders.set(folded(folder), folder);
    }
  }
}

function folded(path: string): string {
  return path.normalize("NFC").toLowerCase();
}

function unsafe(repo: string, path: string, problem: string) {
  return hubError("HUB_PATH_UNSAFE", {
    message: `${repo} has a file that is not fetched: its name ${quoted(path)} ${problem}`,
    hint: "Leave the file out with --exclude, and tell the publisher of the model.",
    details: { repo, path },
  });
}
