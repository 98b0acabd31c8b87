import { expect, test } from "vitest";
import {
  type AppLogRecord,
  collectAppLog,
  percentile,
  type RunSummary,
  summarizeRuns,
} from "../src/index.ts";
import { changedExample, EXAMPLE } from "./example.ts";

async function summaryOf(
  change: (record: AppLogRecord) => AppLogRecord | readonly AppLogRecord[] | undefined,
): Promise<RunSummary> {
  const [summary] = summarizeRuns(await changedExample(change));
  return summary!;
}

function network(t_ns: number, direction: "transmit" | "receive", value: number): AppLogRecord {
  return {
    kind: "sample",
    t_ns,
    metric: "process.network.io",
    "network.io.direction": direction,
    value,
    unit: "By",
  };
}

function battery(t_ns: number, charge: number, raw: string, state: number): AppLogRecord[] {
  const common = { kind: "sample", run: "5b0c7a52-r1", t_ns, unit: "1" } as const;
  return [
    { ...common, metric: "hw.battery.charge", value: charge },
    { ...common, metric: "hw.battery.state", value: state, raw },
  ];
}

test("figures of the document's example, worked out by hand", async () => {
  expect(summarizeRuns((await collectAppLog(EXAMPLE)).records)).toEqual([
    {
      run: "5b0c7a52-r1",
      session: "5b0c7a52-6c1e-4f0b-9a51-3a5a2f0c7d11",
      device: "5b0c7a52-d",
      model: "5b0c7a52-m1",
      start: "cold",
      stopReason: "stop",
      cancelled: false,
      error: null,
      inputTokens: 40,
      cachedTokens: 8,
      outputTokens: 4,
      timeToFirstTokenMs: 180,
      // 32 tokens in 0.16 s.
      prefillTokensPerSecond: 200,
      // 3 tokens in 0.08 s.
      decodeTokensPerSecond: 37.5,
      // Gaps 20, 20, 40: the rank of p95 is 1.9, and 20 + 0.9 · 20 = 38.
      interTokenLatency: { n: 3, p50Ms: 20, p95Ms: 38, p99Ms: null },
      endToEndMs: 260,
      peakFootprintBytes: 352_000_000,
      thermalAtStart: "nominal",
      thermalAtEnd: "fair",
      // One reading makes no difference.
      batteryDelta: null,
      bytesUp: null,
      bytesDown: null,
    },
  ]);
});

test("a run without tokens and samples has no figures, not zeros", async () => {
  const summary = await summaryOf((record) => {
    if (record.kind === "run")
      return {
        ...record,
        output_tokens: 0,
        input_tokens: null,
        cached_tokens: null,
        stop_reason: null,
        error: { type: "x" },
      };
    return ["token", "interval", "sample"].includes(record.kind) ? undefined : record;
  });
  expect(summary).toMatchObject({
    error: "x",
    inputTokens: null,
    timeToFirstTokenMs: null,
    prefillTokensPerSecond: null,
    decodeTokensPerSecond: null,
    interTokenLatency: null,
    endToEndMs: null,
    peakFootprintBytes: null,
    thermalAtStart: null,
    batteryDelta: null,
    bytesDown: null,
  });
});

test("tokens that come in groups have a rate, and no times between them", async () => {
  const summary = await summaryOf((record) => (record.kind === "token" ? { ...record, n: 2 } : record));
  // 6 tokens after the first two, in 0.08 s.
  expect(summary.decodeTokensPerSecond).toBe(75);
  expect(summary.interTokenLatency).toBeNull();
});

test("a prefill that was broken off has no rate", async () => {
  const summary = await summaryOf((record) =>
    record.kind === "interval" && record.name === "prefill" ? { ...record, completed: false } : record,
  );
  expect(summary.prefillTokensPerSecond).toBeNull();
});

test("network bytes are the counter's difference over the run", async () => {
  const summary = await summaryOf((record) =>
    record.kind === "model"
      ? [
          record,
          network(1e9, "receive", 500),
          network(2.1e9, "receive", 700),
          network(2.1e9, "transmit", 30),
          network(3e9, "receive", 9000),
        ]
      : record,
  );
  expect([summary.bytesUp, summary.bytesDown]).toEqual([30, 200]);
});

test("the battery's difference needs an unplugged device at both ends", async () => {
  const ends = (raw: string, state: number) => (record: AppLogRecord) =>
    record.kind === "run" ? [record, ...battery(2.4e9, 0.5, raw, state)] : record;
  expect((await summaryOf(ends("unplugged", 1))).batteryDelta).toBeCloseTo(-0.05, 12);
  expect((await summaryOf(ends("charging", 2))).batteryDelta).toBeNull();
});

test("the footprint's peak is of the run, not of what came before", async () => {
  const summary = await summaryOf((record) =>
    record.kind === "model"
      ? [record, { kind: "sample", t_ns: 1e9, metric: "process.memory.usage", value: 9e8, unit: "By" }]
      : record,
  );
  expect(summary.peakFootprintBytes).toBe(352_000_000);
});

test("p99 takes 100 gaps", async () => {
  const tokens = Array.from(
    { length: 101 },
    (_, i): AppLogRecord => ({ kind: "token", run: "5b0c7a52-r1", i, t_ns: (i * (i + 1) * 1e6) / 2, n: 1 }),
  );
  const summary = await summaryOf((record) => {
    if (record.kind === "token") return record.i === 0 ? tokens : undefined;
    return record;
  });
  // Gaps 1, 2, … 100 ms. numpy.percentile(range(1, 101), [50, 95, 99]) is 50.5, 95.05, 99.01.
  expect(summary.interTokenLatency!.n).toBe(100);
  expect(summary.interTokenLatency!.p50Ms).toBeCloseTo(50.5, 9);
  expect(summary.interTokenLatency!.p95Ms).toBeCloseTo(95.05, 9);
  expect(summary.interTokenLatency!.p99Ms).toBeCloseTo(99.01, 9);
});

// numpy.percentile, whose default is type 7.
test.each([
  [[15, 20, 35, 40, 50], 40, 29],
  [[15, 20, 35, 40, 50], 0, 15],
  [[15, 20, 35, 40, 50], 100, 50],
  [[7], 99, 7],
  [[1, 2, 3, 4], 75, 3.25],
])("percentile(%j, %d) is %d", (sorted, percent, expected) => {
  expect(percentile(sorted, percent)).toBeCloseTo(expected, 12);
});
