import { isAbsolute, join, normalize } from "node:path";
import { PippinError } from "../errors.ts";

/**
 * Joins a relative name that came out of a file to the folder it must stay in.
 *
 * @throws PippinError `CORE_PATH_ESCAPES` for absolute names, drive letters, `..` and NUL bytes.
 */
export function resolveInside(folder: string, name: string): string {
  const clean = normalize(name);
  const escapes =
    name === "" ||
    name.includes("\0") ||
    isAbsolute(name) ||
    /^[A-Za-z]:/.test(name) ||
    name.split(/[\\/]/).includes("..") ||
    clean === "..";
  if (escapes) {
    throw new PippinError("CORE_PATH_ESCAPES", {
      message: `the name ${JSON.stringify(name)} would leave its folder`,
      hint: "The file that holds this name is damaged or hostile; do not use it.",
      details: { name },
    });
  }
  return join(folder, clean);
}
