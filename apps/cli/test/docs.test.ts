import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { RAW_BACKEND, runDocument } from "./support/documents.ts";
import { REPOSITORY } from "./support/run-cli.ts";

const DOCS = readdirSync(join(REPOSITORY, "docs")).filter((name) => name.endsWith(".md"));

test.each(DOCS)("the commands of docs/%s work as they are written", { timeout: 180_000 }, async (name) => {
  await runDocument(`docs/${name}`, inject("documentsCache"));
});

test("the code of docs/backends.md is the fixture's, word by word", () => {
  const code = readFileSync(join(RAW_BACKEND, "raw-backend.js"), "utf8");
  const document = readFileSync(join(REPOSITORY, "docs/backends.md"), "utf8");
  const excerpts = [...document.matchAll(/^```js\n(.*?)^```$/gms)].map(([, excerpt]) => excerpt!);
  expect(excerpts.length).toBeGreaterThan(3);
  for (const excerpt of excerpts) expect(code).toContain(excerpt);
});
