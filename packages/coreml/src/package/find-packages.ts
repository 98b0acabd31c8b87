import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isPackageFolder } from "./read-package.ts";

/** The `.mlpackage` folders at `path`: itself, or those directly in it, in order of name. */
export async function findPackages(path: string): Promise<string[]> {
  if (await isPackageFolder(path)) return [path];
  const entries = await readdir(path).catch(() => []);
  return entries
    .filter((name) => name.endsWith(".mlpackage"))
    .sort()
    .map((name) => join(path, name));
}
