/**
 * Answers test_app_log.py with `@pippin/bench`.
 *
 *     node tools/oracles/app-log.ts FILE…
 *
 * The files are the parts of one log, in order. Prints `{ records, warnings, problems, runs }` as JSON.
 */
import { createReadStream } from "node:fs";
import { checkAppLog, collectAppLog, summarizeRuns } from "@pippin/bench";

const { records, warnings } = await collectAppLog(bytes(process.argv.slice(2)));
console.log(
  JSON.stringify({
    records: records.length,
    warnings,
    problems: checkAppLog(records),
    runs: summarizeRuns(records),
  }),
);

async function* bytes(files: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const file of files) yield* createReadStream(file);
}
