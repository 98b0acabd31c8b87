import {
  BATTERY_STATES,
  type IntervalRecord,
  type RunRecord,
  type SampleRecord,
  type TokenRecord,
} from "./app-log.ts";
import { percentile } from "./percentile.ts";
import type { NumberedRecord } from "./read-app-log.ts";

/** Fewest gaps from which a 99th percentile is more than the largest one. */
const GAPS_FOR_P99 = 100;

/** Times between successive output tokens, in milliseconds. */
export interface InterTokenLatency {
  /** Number of gaps. */
  readonly n: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Null for fewer than 100 gaps. */
  readonly p99Ms: number | null;
}

/** Figures of one run. Null: there is no data; never 0 in its place. */
export interface RunSummary {
  readonly run: string;
  readonly session: string;
  readonly device: string;
  readonly model: string;
  readonly start: "cold" | "warm";
  readonly stopReason: string | null;
  readonly cancelled: boolean;
  readonly error: string | null;
  readonly inputTokens: number | null;
  readonly cachedTokens: number | null;
  readonly outputTokens: number;
  /** Start of the run → first output token: rendering, encoding, prefill and the choice of a token; no load of a cold model. */
  readonly timeToFirstTokenMs: number | null;
  /** Prompt tokens that were computed, without those from the cache, over the time of the prefill. */
  readonly prefillTokensPerSecond: number | null;
  /** Tokens after the first record, over the time from the first record to the last. */
  readonly decodeTokensPerSecond: number | null;
  /** Null also where records hold several tokens: nobody saw the times between them. */
  readonly interTokenLatency: InterTokenLatency | null;
  /** Start → last token. */
  readonly endToEndMs: number | null;
  /** The largest footprint sampled during the run. */
  readonly peakFootprintBytes: number | null;
  readonly thermalAtStart: string | null;
  readonly thermalAtEnd: string | null;
  /** Last charge less the first, −1 … 1. Null unless the device was unplugged at both ends. The system reports steps of 0.01 or 0.05. */
  readonly batteryDelta: number | null;
  /** Network bytes of the app during the run. Null when nothing counted them. */
  readonly bytesUp: number | null;
  readonly bytesDown: number | null;
}

/**
 * Figures of each run of a log, in its order. Holds the log's samples and the tokens of runs.
 *
 * @param records - in the order of the log; `checkAppLog` says whether they add up.
 */
export function summarizeRuns(records: Iterable<NumberedRecord>): RunSummary[] {
  const tokens = new Map<string, TokenRecord[]>();
  const intervals = new Map<string, IntervalRecord[]>();
  const samples = new Map<string, SampleRecord[]>();
  const runs: RunRecord[] = [];
  let session = "";
  for (const { record } of records) {
    if (record.kind === "session") session = record.id;
    else if (record.kind === "run") runs.push(record);
    else if (record.kind === "token") append(tokens, record.run, record);
    else if (record.kind === "interval" && record.run != null) append(intervals, record.run, record);
    else if (record.kind === "sample") append(samples, session, record);
  }
  return runs.map((run) =>
    summarize(run, tokens.get(run.id) ?? [], intervals.get(run.id) ?? [], samples.get(run.session) ?? []),
  );
}

function append<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function summarize(
  run: RunRecord,
  tokens: readonly TokenRecord[],
  intervals: readonly IntervalRecord[],
  samples: readonly SampleRecord[],
): RunSummary {
  const during = samples.filter(({ t_ns }) => t_ns >= run.start_ns && t_ns <= run.end_ns);
  const footprints = values(during, "process.memory.usage");
  const thermal = during.filter(({ metric }) => metric === "device.thermal_state");
  const [first, last] = [tokens.at(0), tokens.at(-1)];
  return {
    run: run.id,
    session: run.session,
    device: run.device,
    model: run.model,
    start: run.scenario.start,
    stopReason: run.stop_reason ?? null,
    cancelled: run.cancelled,
    error: run.error?.type ?? null,
    inputTokens: run.input_tokens ?? null,
    cachedTokens: run.cached_tokens ?? null,
    outputTokens: run.output_tokens,
    timeToFirstTokenMs: first === undefined ? null : first.t_ns / 1e6,
    prefillTokensPerSecond: prefillRate(run, intervals),
    decodeTokensPerSecond: decodeRate(tokens),
    interTokenLatency: interTokenLatency(tokens),
    endToEndMs: last === undefined ? null : last.t_ns / 1e6,
    peakFootprintBytes: footprints.length === 0 ? null : footprints.reduce((a, b) => Math.max(a, b)),
    thermalAtStart: thermal.at(0)?.raw ?? null,
    thermalAtEnd: thermal.at(-1)?.raw ?? null,
    batteryDelta: batteryDelta(samples.filter((sample) => sample.run === run.id)),
    bytesUp: networkBytes(run, samples, "transmit"),
    bytesDown: networkBytes(run, samples, "receive"),
  };
}

function values(samples: readonly SampleRecord[], metric: string): number[] {
  return samples.filter((sample) => sample.metric === metric).map(({ value }) => value);
}

function prefillRate(run: RunRecord, intervals: readonly IntervalRecord[]): number | null {
  const prefill = intervals.find(({ name, completed }) => name === "prefill" && completed !== false);
  if (prefill === undefined || run.input_tokens == null) return null;
  return rate(run.input_tokens - (run.cached_tokens ?? 0), prefill.duration_ns);
}

function decodeRate(tokens: readonly TokenRecord[]): number | null {
  const [first, last] = [tokens.at(0), tokens.at(-1)];
  if (first === undefined || last === undefined || tokens.length < 2) return null;
  const later = tokens.reduce((sum, { n }) => sum + n, -first.n);
  return rate(later, last.t_ns - first.t_ns);
}

function rate(tokens: number, nanoseconds: number): number | null {
  return tokens > 0 && nanoseconds > 0 ? tokens / (nanoseconds / 1e9) : null;
}

function interTokenLatency(tokens: readonly TokenRecord[]): InterTokenLatency | null {
  if (tokens.length < 2 || tokens.some(({ n }) => n !== 1)) return null;
  const gaps = tokens.slice(1).map(({ t_ns }, i) => (t_ns - tokens[i]!.t_ns) / 1e6);
  gaps.sort((a, b) => a - b);
  return {
    n: gaps.length,
    p50Ms: percentile(gaps, 50),
    p95Ms: percentile(gaps, 95),
    p99Ms: gaps.length < GAPS_FOR_P99 ? null : percentile(gaps, 99),
  };
}

function batteryDelta(samples: readonly SampleRecord[]): number | null {
  const charges = values(samples, "hw.battery.charge");
  const states = values(samples, "hw.battery.state");
  const unplugged = BATTERY_STATES.indexOf("unplugged");
  if (charges.length < 2 || states.length < 2 || states.some((state) => state !== unplugged)) return null;
  return charges.at(-1)! - charges[0]!;
}

function networkBytes(
  run: RunRecord,
  samples: readonly SampleRecord[],
  direction: SampleRecord["network.io.direction"],
): number | null {
  const counts = samples.filter(
    (sample) => sample.metric === "process.network.io" && sample["network.io.direction"] === direction,
  );
  if (counts.length === 0) return null;
  // The counter begins with the session, at 0.
  const at = (time: number): number => counts.findLast(({ t_ns }) => t_ns <= time)?.value ?? 0;
  return at(run.end_ns) - at(run.start_ns);
}
