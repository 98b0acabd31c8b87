import { fileURLToPath } from "node:url";

/** Path of a file that comes with this package in `python/`; `src/` and `dist/` lie equally deep. */
export function pythonFile(name: string): string {
  return fileURLToPath(new URL(`../python/${name}`, import.meta.url));
}
