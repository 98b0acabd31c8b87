import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const PACKAGE = join(import.meta.dirname, "..");

const readme = readFileSync(join(PACKAGE, "README.md"), "utf8");
const examples = [...readme.matchAll(/```ts\n(.*?)```\s+```text\n(.*?)```/gs)];

test.each(examples.map(([, example, printed], i) => [i + 1, example!, printed!] as const))(
  "README's example %i prints what README says",
  (_, example, printed) => {
    const folder = mkdtempSync(join(PACKAGE, ".readme-"));
    try {
      writeFileSync(join(folder, "example.ts"), example);
      const output = execFileSync(process.execPath, [join(folder, "example.ts")], {
        cwd: PACKAGE,
        encoding: "utf8",
      });
      expect(output).toBe(printed);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
