/**
 * Writes the tokenizers that the Swift package is tested with: small ones of our own, exported as `pippin tokenizer export` does.
 *
 *     node tools/swift/fixtures.ts [--check]
 *
 * With `--check` nothing is written; the status is 1 where what lies there is not what would be written.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileChatTemplate, exportTokenizer } from "@pippin/tokenizer";
import { loadTokenizer } from "@pippin/tokenizer/node";
import { SWIFT_PACKAGE } from "./driver.ts";

const ROOT = join(import.meta.dirname, "../..");
const FIXTURES = join(SWIFT_PACKAGE, "Tests/PippinTokenizerTests/Fixtures");
const SOURCES: Readonly<Record<string, string>> = {
  "byte-level": "models/pip-chat",
  llama3: "packages/tokenizer/test/fixtures/llama3",
  sentencepiece: "packages/tokenizer/test/fixtures/sentencepiece",
};

/** Templates that would take the stack, the memory or all time. */
const HOSTILE: Readonly<Record<string, string>> = {
  "hostile-calls": `{% macro f(n) %}{{ ${"[".repeat(40)}f(n - 1)${"]".repeat(40)} }}{% endmacro %}{{ f(60) }}`,
  "hostile-lists": repeated("ns.x = [ns.x]"),
  "hostile-namespaces": repeated("ns.x = namespace(x=ns.x)"),
  "hostile-texts": repeated("ns.x = ns.x ~ ns.x"),
  "hostile-loops": `${"{% for i in range(99999) %}".repeat(3)}${"{% endfor %}".repeat(3)}`,
};

function repeated(assignment: string): string {
  return `{% set ns = namespace(x=1) %}{% for i in range(99999) %}{% set ${assignment} %}{% endfor %}`;
}

const checks = process.argv.includes("--check");
for (const [name, folder] of Object.entries(SOURCES)) {
  const { source } = await loadTokenizer(join(ROOT, folder));
  const { bytes, selfTest } = exportTokenizer(source);
  const lines = selfTest.map((row) => `${JSON.stringify(row)}\n`).join("");
  put(`${name}.pippin`, bytes);
  put(`${name}.jsonl`, new TextEncoder().encode(lines));
}

for (const [name, template] of Object.entries(HOSTILE)) put(`${name}.program`, compileChatTemplate(template));

function put(name: string, bytes: Uint8Array): void {
  const path = join(FIXTURES, name);
  if (!checks) {
    mkdirSync(FIXTURES, { recursive: true });
    writeFileSync(path, bytes);
  } else if (!existsSync(path) || !readFileSync(path).equals(bytes)) {
    console.error(`error: ${path} is not what the exporter writes\nhint:  Run node tools/swift/fixtures.ts.`);
    process.exitCode = 1;
  }
}
