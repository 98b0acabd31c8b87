import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";

/** What a package's README shows, for the test that holds it to that. */
export interface Readme {
  /** Each program with what is printed under it. */
  readonly examples: readonly Example[];
  /** Names that stand first in the rows of its tables, sorted. */
  readonly named: readonly string[];
}

export interface Example {
  readonly code: string;
  readonly printed: string;
}

export function readReadme(packageFolder: string): Readme {
  const text = readFileSync(join(packageFolder, "README.md"), "utf8");
  const examples = [...text.matchAll(/```ts\n(.*?)```\s+```text\n(.*?)```/gs)];
  const cells = text.split("\n").flatMap((row) => (row.startsWith("| `") ? [row.split("|")[1]!] : []));
  // Codes of errors are in tables too.
  const code = `${basename(resolve(packageFolder)).toUpperCase()}_`;
  const names = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)/g)].map(([, name]) => name!));
  return {
    examples: examples.map(([, code, printed]) => ({ code: code!, printed: printed! })),
    named: names.filter((name) => !name.startsWith(code)).sort(),
  };
}

/** What an example prints, run in the package's folder as its user would run it: with what is built. */
export async function runExample(
  { code }: Example,
  packageFolder: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const folder = mkdtempSync(join(packageFolder, ".readme-"));
  try {
    writeFileSync(join(folder, "example.ts"), code);
    const args = [join(folder, "example.ts")];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: packageFolder, env });
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
