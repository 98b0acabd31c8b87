import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const PACKAGE = join(import.meta.dirname, "..");

test("README's example prints what README says", () => {
  const readme = readFileSync(join(PACKAGE, "README.md"), "utf8");
  const [, example, printed] = /```ts\n(.*?)```\s+```text\n(.*?)```/s.exec(readme)!;
  const folder = mkdtempSync(join(PACKAGE, ".readme-"));
  try {
    writeFileSync(join(folder, "example.ts"), example!);
    const output = execFileSync(process.execPath, [join(folder, "example.ts")], {
      cwd: PACKAGE,
      encoding: "utf8",
    });
    expect(output).toBe(printed);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
