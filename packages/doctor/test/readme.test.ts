import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readReadme, runExample } from "../../../tools/readme.ts";
import * as doctor from "../src/index.ts";
import { fakeMachine } from "./support/fake-machine.ts";

const PACKAGE = join(import.meta.dirname, "..");
const { examples, named } = readReadme(PACKAGE);

test.each(examples)("README's example %# prints what README says", async (example) => {
  expect(await runExample(example, PACKAGE)).toBe(example.printed);
});

test("README's tables name what the package exports", () => {
  expect(named).toEqual(Object.keys(doctor).sort());
});

test("docs/doctor.md has a line for every row, with what it needs", async () => {
  const text = readFileSync(join(PACKAGE, "../../docs/doctor.md"), "utf8");
  const rows = text.slice(text.indexOf("## Rows"));
  const lines = [...rows.matchAll(/^\| `([\w-]+)` \| ([^|]*?) \|/gm)].map(([, id, needed]) => [id, needed]);
  const { checks } = await doctor.examine(fakeMachine({ fakes: {} }));
  expect(lines).toEqual(checks.map(({ id, needed }) => [id, needed]));
});
