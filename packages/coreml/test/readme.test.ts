import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { writeTinyModel } from "./support/tiny-model.ts";

const run = promisify(execFile);
const PACKAGE = join(import.meta.dirname, "..");

test("README's example prints what README says", async () => {
  const readme = await readFile(join(PACKAGE, "README.md"), "utf8");
  const [, example, printed] = /```ts\n(.*?)```\s+```text\n(.*?)```/s.exec(readme)!;
  const folder = await mkdtemp(join(PACKAGE, ".readme-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(await writeTinyModel(), join(folder, "tiny-llama"), { recursive: true });
  await writeFile(join(folder, "example.ts"), example!);
  const { stdout } = await run(process.execPath, ["example.ts"], { cwd: folder });
  expect(stdout).toBe(printed);
});
