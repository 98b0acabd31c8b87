/**
 * Fails when the lock file lacks a platform's binary that a package offers: such a lock, written on one system,
 * installs a broken tool on another. Also fails when the lock names a registry.
 */
import { readFileSync } from "node:fs";

interface LockEntry {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly resolved?: string;
}

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, LockEntry> };
const names = new Set(Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, "")));
const missing: string[] = [];
for (const [path, { optionalDependencies = {} }] of Object.entries(lock.packages)) {
  const binaries = Object.keys(optionalDependencies).filter((name) => /darwin|linux|win32/.test(name));
  if (binaries.length < 4) continue;
  for (const name of binaries)
    if (!names.has(name)) missing.push(`${path} offers ${name}, the lock has no entry for it`);
}
const located = Object.entries(lock.packages).filter(([, { resolved }]) => resolved?.startsWith("http"));
for (const [path] of located) missing.push(`${path} names a registry`);
for (const line of missing) console.error(`lock: ${line}`);
console.log(missing.length === 0 ? "the lock is complete" : `${missing.length} problems in the lock`);
process.exitCode = missing.length === 0 ? 0 : 1;
