/**
 * Prints the logits that our own runner gives for a text, in strict fp16, a JSON array of rows.
 *
 *     node tools/oracles/run-logits.ts PACKAGE_FOLDER 1,2,3
 */
import { backend } from "@pippin/coreml";

const [folder, ids = ""] = process.argv.slice(2);
const opened = await backend.open(folder!);
const runner = await opened.runner!({ precision: "fp16" });
const tokens = ids.split(",").map(Number);
const logits = await runner.start().feed(tokens, { rows: "all" });
const rows = tokens.map((_, row) =>
  Array.from(logits.subarray(row * runner.vocabSize, (row + 1) * runner.vocabSize)),
);
process.stdout.write(JSON.stringify(rows));
await runner.close();
await opened.close();
