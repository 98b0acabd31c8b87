import { join } from "node:path";
import { expect, test } from "vitest";
import { readReadme, runExample } from "../../../tools/readme.ts";
import * as python from "../src/index.ts";

const PACKAGE = join(import.meta.dirname, "..");
const { examples, named } = readReadme(PACKAGE);

test.each(examples)("README's example %# prints what README says", async (example) => {
  expect(await runExample(example, PACKAGE)).toBe(example.printed);
});

test("README's tables name what the package exports", () => {
  expect(named).toEqual(Object.keys(python).sort());
});
