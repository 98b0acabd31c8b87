import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

test("the README's example prints what the README says", async () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const example = /```js\n(.*?)```/s.exec(readme)![1]!;
  const expected = /prints\n\n```\n(.*?)```/s.exec(readme)![1]!;

  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", example], {
    cwd: root,
    timeout: 30_000,
  });

  expect(stdout).toBe(expected);
});

test("the browser entry imports nothing of Node", () => {
  expect(readFileSync(join(root, "dist/index.js"), "utf8")).not.toMatch(/from "node:|import "node:/);
});
