import { join } from "node:path";
import { expect, test } from "vitest";
import { readReadme, runExample } from "../../../tools/readme.ts";

const PACKAGE = join(import.meta.dirname, "..");
const { examples } = readReadme(PACKAGE);

test.each(examples)("README's example %# prints what README says", async (example) => {
  expect(await runExample(example, PACKAGE)).toBe(example.printed);
});
