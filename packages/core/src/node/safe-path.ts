import { isAbsolute, join } from "node:path";
import { type CoreErrorCode, PippinError } from "../errors.ts";

/**
 * Joins a relative name that came out of a file to the folder it must stay in.
 *
 * @throws PippinError `CORE_PATH_ESCAPES` for empty and absolute names, drive letters, `..` and NUL bytes.
 * @remarks Looks at the name alone: symbolic links in the folder are followed by whoever opens the result.
 */
export function resolveInside(folder: string, name: string): string {
  const escapes =
    name === "" ||
    name.includes("\0") ||
    isAbsolute(name) ||
    /^[A-Za-z]:/.test(name) ||
    name.split(/[\\/]/).includes("..");
  if (escapes) {
    throw new PippinError<CoreErrorCode>("CORE_PATH_ESCAPES", {
      message: `the name ${JSON.stringify(name)} would leave its folder`,
      hint: "The file that holds this name is damaged or hostile; do not use it.",
      details: { name },
    });
  }
  return join(folder, name);
}
