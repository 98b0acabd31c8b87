/**
 * Writes the tokenizers that the Swift package is tested with: small ones of our own, exported as `pippin tokenizer export` does.
 *
 *     node tools/swift/fixtures.ts [--check]
 *
 * With `--check` nothing is written; the status is 1 where what lies there is not what would be written.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportTokenizer } from "@pippin/tokenizer";
import { loadTokenizer } from "@pippin/tokenizer/node";
import { SWIFT_PACKAGE } from "./driver.ts";

const ROOT = join(import.meta.dirname, "../..");
const FIXTURES = join(SWIFT_PACKAGE, "Tests/PippinTokenizerTests/Fixtures");
const SOURCES: Readonly<Record<string, string>> = {
  "byte-level": "models/pip-chat",
  llama3: "packages/tokenizer/test/fixtures/llama3",
  sentencepiece: "packages/tokenizer/test/fixtures/sentencepiece",
};

const checks = process.argv.includes("--check");
for (const [name, folder] of Object.entries(SOURCES)) {
  const { source } = await loadTokenizer(join(ROOT, folder));
  const { bytes, selfTest } = exportTokenizer(source);
  const lines = selfTest.map((row) => `${JSON.stringify(row)}\n`).join("");
  put(`${name}.pippin`, bytes);
  put(`${name}.jsonl`, new TextEncoder().encode(lines));
}

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
