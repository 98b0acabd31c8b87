import { homedir } from "node:os";
import { join } from "node:path";

/** Where measurements are kept from run to run, as each system has it; `PIPPIN_CACHE` names another place. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  if (env.PIPPIN_CACHE) return env.PIPPIN_CACHE;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, "pippin");
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "pippin");
  if (process.platform === "win32" && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, "pippin", "Cache");
  return join(homedir(), ".cache", "pippin");
}
