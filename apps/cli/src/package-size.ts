import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { OpenedPackage } from "@pippin/core";

/** Bytes on disk of a package: of what its manifest lists, where that lies in a folder beside other files. */
export async function packageBytes({ path, manifest }: OpenedPackage<unknown>): Promise<number> {
  const names = new Set(manifest?.packages ?? []);
  const entries = (await stat(path)).isDirectory() ? await readdir(path) : [];
  const listed = entries.filter((name) => names.has(name));
  const sizes = await Promise.all(
    (listed.length > 0 ? listed.map((name) => join(path, name)) : [path]).map(bytesOf),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function bytesOf(path: string): Promise<number> {
  const found = await stat(path);
  if (!found.isDirectory()) return found.size;
  const inside = await Promise.all((await readdir(path)).map((name) => bytesOf(join(path, name))));
  return inside.reduce((sum, size) => sum + size, 0);
}
