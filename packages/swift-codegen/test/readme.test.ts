import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));

test("the README's example prints what the README says", () => {
  const readme = readFileSync(`${root}README.md`, "utf8");
  const [, code = ""] = /```js\n(.*?)```/s.exec(readme) ?? [];
  const [, output] = /```text\n(.*?)```/s.exec(readme) ?? [];
  const flags = ["--conditions=pippin:source", "--input-type=module", "--eval", code];
  expect(execFileSync(process.execPath, flags, { cwd: root, encoding: "utf8" })).toBe(output);
});
