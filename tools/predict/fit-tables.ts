import type { FittedSpeed } from "../../packages/plan/src/speed/cost-model.ts";
import { ENGINE_IDS } from "../../packages/plan/src/speed/engines.ts";
import { predictOn } from "../../packages/plan/src/speed/predict.ts";
import {
  type HeldOut,
  type Judge,
  judgeDecode,
  judgePrefill,
  leaveOut,
  predictAll,
  randomHalves,
} from "./cross-validation.ts";
import { decodeRate, fitDecode, type Measured, prefillRate } from "./fit-rows.ts";
import { fitSpeed } from "./fit-speed.ts";
import { CHIP_CLASSES } from "./parameters.ts";
import { farthest, markdownTable, percent, summarizeByClass } from "./report.ts";
import { groupOf, type ResolvedRow, sourceOf } from "./resolve.ts";
import { measuredDecode, type Selection } from "./select-rows.ts";
import { median, seededRandom } from "./statistics.ts";

const HALVES = 20;
const NESTED_HALVES = 5;
const FARTHEST = 18;

/** All tables of docs/speed-prediction.md, as Markdown. */
export function fitTables(selection: Selection, fitted: FittedSpeed): string {
  const { rows, unresolved, decode, prefill, sustained } = selection;
  const decodeErrors = crossValidate(
    decode,
    judgeDecode,
    predictAll(decode, decodeRate, fitted.coefficients),
  );
  const prefillErrors = crossValidate(
    prefill,
    judgePrefill(fitDecode(decode)),
    predictAll(prefill, prefillRate, fitted.coefficients),
  );
  const hot = sustained.map((row) => sustainedPrediction(row, fitted));
  const withAll = [...decodeErrors.withoutGroup, ...hot, ...leftOutPredictions(selection, fitted)];
  return [
    `${rows.length} rows; ${unresolved.length} could not be resolved; ${decode.length} decode rates and ${prefill.length} prefill rates are fitted.`,
    "### Errors of decode",
    errorTable(decodeErrors),
    "### Errors of prefill",
    errorTable(prefillErrors),
    "### Coverage of the ranges",
    coverageTable(selection),
    "### Rows left out by the rules",
    leftOutTable(selection),
    `Median error of decode with all ${withAll.length} resolved rows (those of the fit without their group, the hot and the left-out ones by the whole fit): ${byClassLine(withAll)}.`,
    `Hot phones (${hot.length} rows): median error ${percent(median(hot.map(({ predicted, measured }) => Math.abs(predicted - measured) / measured)))}.`,
    "### Farthest off, without their group",
    farthestTable(decodeErrors.withoutGroup),
    "### Numbers of the fit",
    engineTable(fitted),
    `${classTable(fitted)}`,
  ].join("\n\n");
}

interface Validation {
  readonly inSample: readonly HeldOut[];
  readonly halves: readonly HeldOut[];
  readonly withoutGroup: readonly HeldOut[];
  readonly withoutSource: readonly HeldOut[];
}

function crossValidate(rows: readonly Measured[], judge: Judge, inSample: readonly HeldOut[]): Validation {
  return {
    inSample,
    halves: randomHalves(rows, judge, HALVES),
    withoutGroup: leaveOut(rows, judge, groupOf),
    withoutSource: leaveOut(rows, judge, sourceOf),
  };
}

function errorTable({ inSample, halves, withoutGroup, withoutSource }: Validation): string {
  const columns = [inSample, halves, withoutGroup, withoutSource].map(summarizeByClass);
  const header = [
    "class",
    "rows",
    "in sample",
    "worst",
    "other half",
    "worst",
    "new device and model",
    "worst",
    "new source",
    "worst",
  ];
  const body = (columns[0] ?? []).map(({ what, rows }) => [
    what,
    String(rows),
    ...columns.flatMap((column) => {
      const summary = column.find((each) => each.what === what);
      return [percent(summary?.median), percent(summary?.worst)];
    }),
  ]);
  return markdownTable(header, body);
}

/** Ranges of fits on random halves, spread and all, against the other halves. */
function coverageTable(selection: Selection): string {
  const random = seededRandom(99);
  const inside = new Map<string, { covered: number; rows: number }>();
  const count = (what: string, isCovered: boolean) => {
    const { covered, rows } = inside.get(what) ?? { covered: 0, rows: 0 };
    inside.set(what, { covered: covered + Number(isCovered), rows: rows + 1 });
  };
  for (let i = 0; i < NESTED_HALVES; i++) {
    const half = new Map(selection.rows.map(({ index }) => [index, random() < 0.5]));
    const isTrain = ({ resolved }: Measured) => half.get(resolved.row.index) === true;
    const { decode, prefill, sustained } = selection;
    const fitted = fitSpeed({
      decode: decode.filter(isTrain),
      prefill: prefill.filter(isTrain),
      sustained: sustained.filter(isTrain),
    });
    for (const row of decode.filter((each) => !isTrain(each))) {
      const { decode: range, basis } = predictRow(row.resolved, fitted);
      const isCovered = row.rate >= range.low && row.rate <= range.high;
      for (const what of ["decode", `decode, ${basis}`, `decode, ${row.resolved.chip.class}`])
        count(what, isCovered);
    }
    for (const row of prefill.filter((each) => !isTrain(each))) {
      const { prefill: range } = predictRow(row.resolved, fitted);
      count("prefill", row.rate >= range.low && row.rate <= range.high);
    }
  }
  const body = [...inside].map(([what, { covered, rows }]) => [what, String(rows), percent(covered / rows)]);
  return markdownTable(["rows of the other half", "predictions", "within the range"], body);
}

function predictRow({ chip, work, engine, contextTokens, promptTokens }: ResolvedRow, fitted: FittedSpeed) {
  return predictOn(chip, { work, engine, contextTokens, promptTokens: promptTokens ?? 1 }, fitted);
}

function sustainedPrediction({ resolved, rate }: Measured, fitted: FittedSpeed): HeldOut {
  const { decode, sustainedDecode } = predictRow(resolved, fitted);
  return { resolved, measured: rate, predicted: (sustainedDecode ?? decode).mid };
}

function leftOutPredictions({ decodeLeftOut }: Selection, { coefficients }: FittedSpeed): HeldOut[] {
  const rows = [...decodeLeftOut.values()].flat().filter(({ row }) => row.decode !== undefined);
  return predictAll(rows.map(measuredDecode), decodeRate, coefficients);
}

function leftOutTable({ unresolved, decodeLeftOut, prefillLeftOut, sustained }: Selection): string {
  const body = [
    ...[...countBy(unresolved.map(({ reason }) => reason))].map(([reason, n]) => ["both", reason, String(n)]),
    ...[...decodeLeftOut].map(([reason, left]) => ["decode", reason, String(left.length)]),
    ["decode", "a phone measured hot: judged as sustained", String(sustained.length)],
    ...[...prefillLeftOut].map(([reason, left]) => ["prefill", reason, String(left.length)]),
  ];
  return markdownTable(["of", "rule", "rows"], body);
}

function countBy(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function byClassLine(predictions: readonly HeldOut[]): string {
  return summarizeByClass(predictions)
    .map((each) => `${each.what} ${percent(each.median)}`)
    .join(", ");
}

function farthestTable(predictions: readonly HeldOut[]): string {
  const body = farthest(predictions)
    .slice(0, FARTHEST)
    .map(({ resolved: { row, chip, engine, bits, bitsAssumed }, measured, predicted }) => [
      `${row.model}, ${bits} bits${bitsAssumed ? " (assumed)" : ""}`,
      engine,
      chip.name,
      String(measured),
      predicted.toPrecision(3),
    ]);
  return markdownTable(["model", "engine", "chip", "published", "predicted"], body);
}

function engineTable({ coefficients: c, decodeSpread, prefillSpread, measurements }: FittedSpeed): string {
  const body = ENGINE_IDS.map((id) => [
    id,
    String(Object.values(measurements[id] ?? {}).reduce((sum, count) => sum + count, 0)),
    c.tokenMs[id].toFixed(2),
    c.layerMs[id].toFixed(3),
    c.bandwidthShare[id].toFixed(2),
    c.computeFactor[id].toFixed(2),
    c.promptSteps[id].toFixed(1),
    decodeSpread[id].toFixed(2),
    prefillSpread[id].toFixed(2),
  ]);
  return markdownTable(
    [
      "engine",
      "decode rates",
      "ms a token",
      "ms a layer",
      "share of bandwidth",
      "compute",
      "steps a prompt",
      "decode × ÷",
      "prefill × ÷",
    ],
    body,
  );
}

function classTable({
  coefficients: c,
  decodeWidening,
  prefillWidening,
  sustainedShare,
}: FittedSpeed): string {
  const body = CHIP_CLASSES.map((each) => [
    each,
    c.layerFactor[each].toFixed(2),
    c.bandwidthFactor[each].toFixed(2),
    c.computeClassFactor[each].toFixed(2),
    decodeWidening[each].toFixed(2),
    prefillWidening[each].toFixed(2),
  ]);
  const cores = Object.entries(c.coreGigaflops).map(
    ([generation, value]) => `${generation} ${value.toFixed(0)}`,
  );
  return [
    markdownTable(
      ["class", "ms a layer ×", "bandwidth ×", "compute ×", "decode range ^", "prefill range ^"],
      body,
    ),
    `\nBillions of operations a second and core: ${cores.join(", ")}. A layer with experts takes ${c.expertLayerMs.toFixed(3)} ms more, and such models prefill at ${c.expertComputeFactor.toFixed(2)} of the rate. The cache is read at ${c.cacheShare.toFixed(2)} of the weights' bandwidth; attention takes ${c.attentionOperations.toFixed(2)} operations for each byte of cache and token of prompt. Hot phones keep up ${sustainedShare.low.toFixed(2)} to ${sustainedShare.high.toFixed(2)}, in the middle ${sustainedShare.mid.toFixed(2)}, of the peak bandwidth.`,
  ].join("\n");
}
