import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as doctor from "../src/index.ts";
import { fakeMachine } from "./support/fake-machine.ts";

const PACKAGE = join(import.meta.dirname, "..");
const README = readFileSync(join(PACKAGE, "README.md"), "utf8");

test("README's example prints what README says", () => {
  const [, example, printed] = /```ts\n(.*?)```\s+```text\n(.*?)```/s.exec(README)!;
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

test("README's table names what the package exports", () => {
  const named = README.split("\n")
    .filter((row) => row.startsWith("| `"))
    .flatMap((row) => [...row.split("|")[1]!.matchAll(/`(\w+)/g)].map(([, name]) => name));
  expect(named.sort()).toEqual(Object.keys(doctor).sort());
});

test("docs/doctor.md has a line for every row, with what it needs", async () => {
  const text = readFileSync(join(PACKAGE, "../../docs/doctor.md"), "utf8");
  const rows = text.slice(text.indexOf("## Rows"));
  const lines = [...rows.matchAll(/^\| `([\w-]+)` \| ([^|]*?) \|/gm)].map(([, id, needed]) => [id, needed]);
  const { checks } = await doctor.examine(fakeMachine({ fakes: {} }));
  expect(lines).toEqual(checks.map(({ id, needed }) => [id, needed]));
});
