import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { runDocument, wordsOf } from "./support/documents.ts";
import { REPOSITORY, runCli } from "./support/run-cli.ts";
import { tempFolder } from "./support/temp-folder.ts";

test.each(["README.md", "CONTRIBUTING.md"])(
  "the commands of %s work as they are written",
  { timeout: 180_000 },
  async (file) => {
    await runDocument(file, inject("documentsCache"));
  },
);

test("apps/cli/README.md prints what its example prints, but for the figures", async () => {
  const cwd = tempFolder();
  symlinkSync(join(REPOSITORY, "models"), join(cwd, "models"));
  const text = readFileSync(join(REPOSITORY, "apps/cli/README.md"), "utf8");
  const [, example, printed] = /```sh\n((?:npx[^\n]*\n)+)```\s+```text\n(.*?)```/s.exec(text)!;
  let output = "";
  for (const command of example!.trim().split("\n")) {
    output += (await runCli(wordsOf(command).slice(2), { cwd })).stdout;
  }
  expect(withoutFigures(output)).toBe(withoutFigures(printed!));
});

/** Times and rounding errors differ between machines. */
function withoutFigures(text: string): string {
  const numbers = text.replaceAll("\\", "/").replaceAll(/\d+(?:\.\d+)?(?:e-?\d+)?/g, "N");
  return numbers.replaceAll(/\bN (?:ms|s|min N s)\b/g, "N s");
}
