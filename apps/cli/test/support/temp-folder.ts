import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** An empty folder that goes when the test has ended. */
export function tempFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "pippin-cli-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Every file below a folder, by its path with `/`. */
export function filesIn(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return new Map(files.map((name) => [name.replaceAll("\\", "/"), readFileSync(join(folder, name))]));
}

/** Whether two folders hold the same files with the same bytes; `except` are paths that are not looked at. */
export function sameFiles(
  a: ReadonlyMap<string, Buffer>,
  b: ReadonlyMap<string, Buffer>,
  except: readonly string[] = [],
): boolean {
  const names = (files: ReadonlyMap<string, Buffer>) =>
    [...files.keys()].filter((name) => !except.includes(name));
  return (
    names(a).join("\n") === names(b).join("\n") && names(a).every((name) => a.get(name)!.equals(b.get(name)!))
  );
}
