/**
 * `npm run predict:fit -- FILE.csv [--write]`: fits the speed formulas on a table of published measurements and cross-validates.
 *
 * With `--write` the numbers go to packages/plan/src/speed/coefficients.ts and the tables to docs/speed-prediction.md.
 */
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { fitSpeed } from "./fit-speed.ts";
import { readPublishedRows } from "./published-row.ts";
import { selectRows } from "./select-rows.ts";
import { writeCoefficients } from "./write-coefficients.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: "boolean", default: false } },
});
const [file] = positionals;
if (file === undefined) {
  console.error("usage: npm run predict:fit -- FILE.csv [--write]");
  process.exit(2);
}
const selection = selectRows(readPublishedRows(file));
const fitted = fitSpeed(selection);
if (values.write) {
  writeCoefficients(fitted);
  execFileSync("biome", ["format", "--write", "packages/plan/src/speed/coefficients.ts"], {
    stdio: "ignore",
  });
}
console.log(JSON.stringify(fitted, null, 1));
