import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { coremlError } from "../errors.ts";
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

/** As `findPackages`. @throws PippinError `COREML_MANIFEST_INVALID` when there is none. */
export async function needPackages(path: string): Promise<string[]> {
  const found = await findPackages(path);
  if (found.length > 0) return found;
  throw coremlError("COREML_MANIFEST_INVALID", {
    message: `${path} is not an .mlpackage and holds none`,
    hint: "Name the package, or the folder that pippin convert wrote.",
    details: { path },
  });
}
