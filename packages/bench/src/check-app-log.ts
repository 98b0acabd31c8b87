import {
  type AppLogRecord,
  BATTERY_STATES,
  type IntervalRecord,
  type RunRecord,
  SAMPLE_METRICS,
  SAMPLE_UNITS,
  type SampleRecord,
  STOP_REASONS,
  THERMAL_STATES,
  type TokenRecord,
} from "./app-log.ts";
import { type ReferenceProblemCode, References } from "./log-references.ts";
import type { NumberedRecord } from "./read-app-log.ts";

/** What does not add up in a log. */
export type AppLogProblemCode =
  /** `unknown_reference`: a record names a session, device or model that did not come before it. `ambiguous_id`: an id has two meanings.
   * `run_already_ended`: tokens or intervals of a run after its record. */
  | ReferenceProblemCode
  /** Tokens, intervals or samples of a run without its record: the app was ended while it answered. */
  | "run_unfinished"
  /** Token records are missing, repeated or out of order. */
  | "token_order"
  /** A count is not the sum of its parts. */
  | "token_count"
  /** Times that cannot be: an end before its start, a part outside of the whole. */
  | "time_order"
  /** A run ended in no way, in two, or in one that is not known. */
  | "run_outcome"
  /** A sample's unit or value is not one that its metric has. */
  | "sample_value"
  /** The app could not write some lines. */
  | "lines_lost";

export interface AppLogProblem {
  readonly line: number;
  readonly code: AppLogProblemCode;
  readonly message: string;
}

/** Words that the values of a metric stand for. */
const RANKS: ReadonlyMap<string, readonly string[]> = new Map([
  ["device.thermal_state", THERMAL_STATES],
  ["hw.battery.state", BATTERY_STATES],
]);

/** What is kept of a run until its record comes. */
interface OpenRun {
  readonly line: number;
  tokens: number;
  firstTokenNs: number | undefined;
  lastTokenNs: number;
  readonly intervals: { readonly line: number; readonly interval: IntervalRecord }[];
}

/**
 * Says what does not add up in a log: references, token counts, times, outcomes, units.
 *
 * @param records - in the order of the log; of one session or several.
 * @returns problems in the order in which they were found; a log that was written whole has none.
 */
export function checkAppLog(records: Iterable<NumberedRecord>): AppLogProblem[] {
  const check = new LogCheck();
  for (const numbered of records) check.add(numbered);
  check.end();
  return check.problems;
}

class LogCheck {
  readonly problems: AppLogProblem[] = [];
  readonly #references = new References();
  readonly #open = new Map<string, OpenRun>();
  readonly #counters = new Map<string, number>();

  add({ line, record }: NumberedRecord): void {
    const report = (code: AppLogProblemCode, message: string): void => {
      this.problems.push({ line, code, message });
    };
    const id = partOf(record);
    const ended = id !== undefined && this.#references.hasRun(id);
    this.#references.add(record, report);
    // What comes after its run's record is reported, and belongs to no open run.
    const open = id === undefined || ended ? undefined : this.#runOf(id, line);
    switch (record.kind) {
      case "session":
        this.#counters.clear();
        break;
      case "token":
        if (open !== undefined) addToken(open, record, report);
        break;
      case "interval":
        open?.intervals.push({ line, interval: record });
        break;
      case "sample":
        this.#addSample(record, report);
        break;
      case "run":
        this.#endRun(line, record, report);
        break;
      case "diagnostic":
        if (record.type === "log_lines_lost") report("lines_lost", record.message ?? "some lines were lost");
        break;
      case "device":
      case "model":
        break;
    }
  }

  end(): void {
    for (const [id, { line }] of this.#open) {
      const message = `run ${id} has no record: it was not ended`;
      this.problems.push({ line, code: "run_unfinished", message });
    }
  }

  #runOf(id: string, line: number): OpenRun {
    let run = this.#open.get(id);
    if (run === undefined) {
      run = { line, tokens: 0, firstTokenNs: undefined, lastTokenNs: 0, intervals: [] };
      this.#open.set(id, run);
    }
    return run;
  }

  #addSample(sample: SampleRecord, report: Report): void {
    const unit = Object.hasOwn(SAMPLE_METRICS, sample.metric) ? SAMPLE_METRICS[sample.metric] : undefined;
    if (unit !== undefined && unit !== sample.unit)
      report("sample_value", `${sample.metric} is in ${sample.unit}, not in ${unit}`);
    if (!SAMPLE_UNITS.includes(sample.unit)) report("sample_value", `the unit ${sample.unit} is not known`);
    const ranks = RANKS.get(sample.metric);
    if (ranks !== undefined && sample.raw !== ranks[sample.value])
      report("sample_value", `${sample.metric} is ${sample.value} and ${sample.raw ?? "nothing"} at once`);
    if (sample.unit === "By" && sample.value < 0) report("sample_value", `${sample.metric} is below 0`);
    if (sample.metric === "hw.battery.charge" && !(sample.value >= 0 && sample.value <= 1))
      report("sample_value", `a battery is not charged to ${sample.value}`);
    if (sample.how === "counter") this.#count(sample, report);
  }

  #count(sample: SampleRecord, report: Report): void {
    const key = `${sample.metric} ${sample["network.io.direction"] ?? ""}`;
    const before = this.#counters.get(key) ?? 0;
    if (sample.value < before)
      report("sample_value", `the counter ${key} falls from ${before} to ${sample.value}`);
    this.#counters.set(key, sample.value);
  }

  #endRun(line: number, run: RunRecord, report: Report): void {
    const seen = this.#runOf(run.id, line);
    this.#open.delete(run.id);
    if (run.end_ns < run.start_ns) report("time_order", `run ${run.id} ends before it starts`);
    if (seen.tokens !== run.output_tokens)
      report(
        "token_count",
        `run ${run.id} gave ${run.output_tokens} tokens, its records have ${seen.tokens}`,
      );
    if (seen.lastTokenNs > run.end_ns - run.start_ns)
      report("time_order", `run ${run.id} has a token after its end`);
    if ((run.cached_tokens ?? 0) > (run.input_tokens ?? 0))
      report(
        "token_count",
        `run ${run.id} took ${run.cached_tokens} tokens of ${run.input_tokens ?? 0} from the cache`,
      );
    checkContext(run, report);
    checkOutcome(run, report);
    for (const { line, interval } of seen.intervals)
      checkInterval(run, seen, interval, (code, message) => this.problems.push({ line, code, message }));
  }
}

function addToken(run: OpenRun, token: TokenRecord, report: Report): void {
  if (token.i !== run.tokens) report("token_order", `token ${token.i} follows ${run.tokens} tokens`);
  if (token.t_ns < run.lastTokenNs)
    report("time_order", `token ${token.i} comes at ${token.t_ns} ns, the one before at ${run.lastTokenNs}`);
  run.tokens += token.n;
  run.firstTokenNs ??= token.t_ns;
  run.lastTokenNs = Math.max(run.lastTokenNs, token.t_ns);
}

/** The run that a record is a part of. */
function partOf(record: AppLogRecord): string | undefined {
  switch (record.kind) {
    case "token":
    case "interval":
    case "sample":
    case "diagnostic":
      return record.run ?? undefined;
    default:
      return undefined;
  }
}

type Report = (code: AppLogProblemCode, message: string) => void;

function checkContext(run: RunRecord, report: Report): void {
  if (run.context == null || run.context.policy === "slide" || run.error != null) return;
  const used = (run.input_tokens ?? 0) + run.output_tokens;
  // The last token is given, but not fed: it needs no place.
  if (used > run.context.limit + 1)
    report("token_count", `run ${run.id} has ${used} tokens in a context of ${run.context.limit}`);
}

function checkOutcome(run: RunRecord, report: Report): void {
  const outcomes = [run.stop_reason != null, run.error != null, run.cancelled].filter(Boolean).length;
  if (outcomes !== 1)
    report(
      "run_outcome",
      `run ${run.id} ${outcomes === 0 ? "did not end in any way" : "ended in several ways"}`,
    );
  if (run.stop_reason != null && !STOP_REASONS.includes(run.stop_reason))
    report("run_outcome", `run ${run.id} stopped for an unknown reason: ${run.stop_reason}`);
}

function checkInterval(run: RunRecord, seen: OpenRun, interval: IntervalRecord, report: Report): void {
  const end = interval.start_ns + interval.duration_ns;
  if (interval.start_ns < run.start_ns || end > run.end_ns)
    report("time_order", `${interval.name} lies outside of run ${run.id}`);
  if (interval.name === "prefill") {
    if (seen.firstTokenNs !== undefined && end > run.start_ns + seen.firstTokenNs)
      report("time_order", `run ${run.id} gave a token before its prefill was done`);
    const computed = (run.input_tokens ?? 0) - (run.cached_tokens ?? 0);
    if (
      interval.completed !== false &&
      interval.attrs?.tokens !== undefined &&
      interval.attrs.tokens !== computed
    )
      report(
        "token_count",
        `prefill of run ${run.id} computed ${interval.attrs.tokens} tokens of ${computed}`,
      );
  }
  if (
    interval.name === "decode" &&
    interval.attrs?.tokens !== undefined &&
    interval.attrs.tokens !== run.output_tokens
  )
    report(
      "token_count",
      `decode of run ${run.id} gave ${interval.attrs.tokens} tokens of ${run.output_tokens}`,
    );
}
