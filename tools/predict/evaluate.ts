/**
 * `npm run predict:evaluate -- FILE.csv [--json] [--worst N] [--fail-above PERCENT]`: how far the committed predictor is off on a table
 * of measurements. With `--fail-above` it ends with status 1 when the median error of all decode rates is larger, also of those that
 * the rules leave out.
 *
 * Nothing is fitted here. Rows that cannot be resolved, and rows that the rules of scope.ts leave out, are counted and named.
 */
import { parseArgs } from "node:util";
import { FITTED } from "../../packages/plan/src/speed/coefficients.ts";
import { ENGINES } from "../../packages/plan/src/speed/engines.ts";
import { predictOn } from "../../packages/plan/src/speed/predict.ts";
import type { Range } from "../../packages/plan/src/speed/query.ts";
import type { HeldOut } from "./cross-validation.ts";
import type { Measured } from "./fit-rows.ts";
import { readPublishedRows } from "./published-row.ts";
import { farthest, markdownTable, percent, summarizeByClass, summarizeByEngine } from "./report.ts";
import type { ResolvedRow } from "./resolve.ts";
import { isSustained } from "./scope.ts";
import { measuredDecode, type Selection, selectRows } from "./select-rows.ts";

interface Judged extends HeldOut {
  readonly range: Range;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    worst: { type: "string", default: "15" },
    "fail-above": { type: "string" },
  },
});
const [file] = positionals;
if (file === undefined) {
  console.error("usage: npm run predict:evaluate -- FILE.csv [--json] [--worst N] [--fail-above PERCENT]");
  process.exit(2);
}
const selection = selectRows(readTable(file));
const judged = judgeAll(selection);
if (values.json) console.log(JSON.stringify(toJson(selection, judged), null, 2));
else print(selection, judged, Number(values.worst));
const limit = values["fail-above"];
if (limit !== undefined) {
  const [all] = summarizeByClass(judged.decodeWithAll);
  const holds = all !== undefined && 100 * all.median <= Number(limit);
  console.error(
    `median error of decode ${all ? percent(all.median) : "unknown"}, ${holds ? "within" : "not within"} ${limit} %`,
  );
  if (!holds) process.exitCode = 1;
}

function readTable(path: string): ReturnType<typeof readPublishedRows> {
  try {
    return readPublishedRows(path);
  } catch (error) {
    console.error(`error: cannot read ${path}: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}

interface Judgement {
  readonly decode: readonly Judged[];
  /** With the rows that the rules leave out, as far as they have a rate. */
  readonly decodeWithAll: readonly Judged[];
  readonly prefill: readonly Judged[];
}

function judgeAll({ decode, sustained, prefill, resolved }: Selection): Judgement {
  const withRate = resolved.filter(({ row }) => row.decode !== undefined).map(measuredDecode);
  return {
    decode: [...decode, ...sustained].map(judgeDecodeRow),
    decodeWithAll: withRate.map(judgeDecodeRow),
    prefill: prefill.map(({ resolved: row, rate }) => judge(row, rate, predict(row).prefill)),
  };
}

function judgeDecodeRow({ resolved, rate }: Measured): Judged {
  const { decode, sustainedDecode } = predict(resolved);
  return judge(resolved, rate, isSustained(resolved) ? (sustainedDecode ?? decode) : decode);
}

function judge(resolved: ResolvedRow, measured: number, range: Range): Judged {
  return { resolved, measured, predicted: range.mid, range };
}

function predict({ chip, work, engine, contextTokens, promptTokens }: ResolvedRow) {
  return predictOn(chip, { work, engine, contextTokens, promptTokens: promptTokens ?? 1 }, FITTED);
}

function coverage(rows: readonly Judged[]): number {
  const inside = rows.filter(({ measured, range }) => measured >= range.low && measured <= range.high);
  return inside.length / rows.length;
}

function print(
  { rows, unresolved, decodeLeftOut, prefillLeftOut }: Selection,
  judgement: Judgement,
  worst: number,
): void {
  const { decode, decodeWithAll, prefill } = judgement;
  const header = ["", "rows", "median error", "90th percentile", "worst"];
  const tableOf = (summaries: ReturnType<typeof summarizeByClass>) =>
    markdownTable(
      header,
      summaries.map((each) => [
        each.what,
        String(each.rows),
        percent(each.median),
        percent(each.ninetieth),
        percent(each.worst),
      ]),
    );
  console.log(`${rows.length} rows, ${unresolved.length} not resolved`);
  for (const { row, reason } of unresolved)
    console.log(`  row ${row.index + 1}: ${reason} (${row.model}, ${row.engine})`);
  console.log(
    `\ndecode, ${percent(coverage(decode))} within the range\n${tableOf(summarizeByClass(decode))}`,
  );
  console.log(`\ndecode by engine\n${tableOf(summarizeByEngine(decode))}`);
  console.log(`\ndecode with the rows that the rules leave out\n${tableOf(summarizeByClass(decodeWithAll))}`);
  for (const [reason, left] of decodeLeftOut) console.log(`  ${left.length}: ${reason}`);
  console.log(
    `\nprefill, ${percent(coverage(prefill))} within the range\n${tableOf(summarizeByClass(prefill))}`,
  );
  for (const [reason, left] of prefillLeftOut) console.log(`  ${left.length}: ${reason}`);
  console.log(`\nfarthest off, decode`);
  for (const row of farthest(decode).slice(0, worst)) console.log(`  ${describe(row)}`);
  console.log(`\nfarthest off, prefill`);
  for (const row of farthest(prefill).slice(0, worst)) console.log(`  ${describe(row)}`);
}

function describe({ resolved, measured, predicted }: Judged): string {
  const { row, chip, engine, bits, bitsAssumed } = resolved;
  const assumed = bitsAssumed ? " (assumed)" : "";
  const what = `${row.model}, ${bits} bits${assumed}, ${engine} on ${chip.name}`;
  return `row ${row.index + 1}: ${what}: ${measured} published, ${predicted.toPrecision(3)} predicted`;
}

function toJson({ rows, unresolved, decodeLeftOut, prefillLeftOut }: Selection, judgement: Judgement) {
  const { decode, decodeWithAll, prefill } = judgement;
  const counts = (groups: ReadonlyMap<string, readonly ResolvedRow[]>) =>
    Object.fromEntries([...groups].map(([reason, left]) => [reason, left.length]));
  const detail = ({ resolved, measured, predicted, range }: Judged) => ({
    row: resolved.row.index + 1,
    model: resolved.row.model,
    engine: resolved.engine,
    processor: ENGINES[resolved.engine].processor,
    chip: resolved.chip.name,
    class: resolved.chip.class,
    bits: resolved.bits,
    sustained: isSustained(resolved),
    measured,
    predicted,
    low: range.low,
    high: range.high,
  });
  return {
    rows: rows.length,
    unresolved: unresolved.map(({ row, reason }) => ({ row: row.index + 1, model: row.model, reason })),
    decode: {
      byClass: summarizeByClass(decode),
      byEngine: summarizeByEngine(decode),
      coverage: coverage(decode),
      leftOut: counts(decodeLeftOut),
      withLeftOut: summarizeByClass(decodeWithAll),
      rows: decode.map(detail),
    },
    prefill: {
      byClass: summarizeByClass(prefill),
      byEngine: summarizeByEngine(prefill),
      coverage: coverage(prefill),
      leftOut: counts(prefillLeftOut),
      rows: prefill.map(detail),
    },
  };
}
