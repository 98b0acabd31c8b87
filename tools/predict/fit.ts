/**
 * `npm run predict:fit -- FILE.csv [--write]`: fits the speed formulas on a table of published measurements and says how far fits
 * were off on rows that they had not seen.
 *
 * With `--write` the numbers go to packages/plan/src/speed/coefficients.ts and the tables to docs/speed-prediction.md.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { fitSpeed } from "./fit-speed.ts";
import { fitTables } from "./fit-tables.ts";
import { readPublishedRows } from "./published-row.ts";
import { selectRows } from "./select-rows.ts";
import { COEFFICIENTS_FILE, coefficientsModule } from "./write-coefficients.ts";

const DOCUMENT = "docs/speed-prediction.md";
const MARKED = /(<!-- written by predict:fit -->\n)[\s\S]*(<!-- end -->)/;

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
const tables = fitTables(selection, fitted);
console.log(tables);
if (values.write) {
  writeFileSync(COEFFICIENTS_FILE, coefficientsModule(fitted));
  execFileSync("biome", ["format", "--write", COEFFICIENTS_FILE], { stdio: "ignore" });
  const text = readFileSync(DOCUMENT, "utf8");
  if (!MARKED.test(text)) throw new Error(`${DOCUMENT} has no place for the tables`);
  writeFileSync(
    DOCUMENT,
    text.replace(MARKED, (_, begin, end) => `${begin}\n${tables}\n\n${end}`),
  );
}
