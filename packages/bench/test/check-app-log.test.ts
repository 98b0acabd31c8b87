import { expect, test } from "vitest";
import { type AppLogRecord, checkAppLog, collectAppLog, type RunRecord } from "../src/index.ts";
import { changedExample, EXAMPLE } from "./example.ts";

type Change = (record: AppLogRecord) => AppLogRecord | readonly AppLogRecord[] | undefined;

/** Changes records of one kind. */
function each<Kind extends AppLogRecord["kind"]>(
  kind: Kind,
  change: (
    record: Extract<AppLogRecord, { kind: Kind }>,
  ) => AppLogRecord | readonly AppLogRecord[] | undefined,
): Change {
  // The kind has been compared: TypeScript does not narrow by a type parameter.
  return (record) =>
    record.kind === kind ? change(record as Extract<AppLogRecord, { kind: Kind }>) : record;
}

const run = (changes: Partial<RunRecord>): Change => each("run", (record) => ({ ...record, ...changes }));

async function codesOf(change: Change): Promise<string[]> {
  return [...new Set(checkAppLog(await changedExample(change)).map(({ code }) => code))];
}

test("the document's example adds up", async () => {
  expect(checkAppLog((await collectAppLog(EXAMPLE)).records)).toEqual([]);
});

test.each<[string, Change, string[]]>([
  [
    "the first token is missing",
    each("token", (t) => (t.i === 0 ? undefined : t)),
    ["token_order", "token_count"],
  ],
  ["the last token is missing", each("token", (t) => (t.i === 3 ? undefined : t)), ["token_count"]],
  ["a token comes twice", each("token", (t) => (t.i === 2 ? [t, t] : t)), ["token_order", "token_count"]],
  [
    "a token counts for two",
    each("token", (t) => (t.i === 1 ? { ...t, n: 2 } : t)),
    ["token_order", "token_count"],
  ],
  [
    "tokens go back in time",
    each("token", (t) => (t.i === 2 ? { ...t, t_ns: 190_000_000 } : t)),
    ["time_order"],
  ],
  [
    "a token comes after the end",
    each("token", (t) => (t.i === 3 ? { ...t, t_ns: 263_000_000 } : t)),
    ["time_order"],
  ],
  ["the run claims another count", run({ output_tokens: 5 }), ["token_count"]],
  [
    "the decode interval claims another count",
    each("interval", (i) => (i.name === "decode" ? { ...i, attrs: { tokens: 3 } } : i)),
    ["token_count"],
  ],
  [
    "the prefill computed more than the prompt",
    each("interval", (i) => (i.name === "prefill" ? { ...i, attrs: { tokens: 40 } } : i)),
    ["token_count"],
  ],
  [
    "a prefill begins before its run",
    each("interval", (i) => (i.name === "prefill" ? { ...i, start_ns: 1_999_999_999 } : i)),
    ["time_order"],
  ],
  [
    "a prefill ends after the first token",
    each("interval", (i) => (i.name === "prefill" ? { ...i, duration_ns: 171_000_000 } : i)),
    ["time_order"],
  ],
  [
    "a decode ends after its run",
    each("interval", (i) => (i.name === "decode" ? { ...i, duration_ns: 83_000_000 } : i)),
    ["time_order"],
  ],
  ["the run ends before it starts", run({ end_ns: 1_000_000_000 }), ["time_order"]],
  ["more tokens are cached than there are", run({ cached_tokens: 41 }), ["token_count"]],
  [
    "the answer outgrows the context",
    run({ context: { limit: 42, policy: "error", dropped_messages: 0, slid_tokens: 0 } }),
    ["token_count"],
  ],
  ["the run has no record", each("run", () => undefined), ["run_unfinished"]],
  ["the run ends twice", each("run", (r) => [r, r]), ["ambiguous_id", "token_count"]],
  [
    "a token follows its run",
    each("run", (r) => [r, { kind: "token", run: r.id, i: 4, t_ns: 1, n: 1 }]),
    ["run_already_ended"],
  ],
  ["the session is missing", each("session", () => undefined), ["unknown_reference"]],
  ["the device is missing", each("device", () => undefined), ["unknown_reference"]],
  ["the model is missing", each("model", () => undefined), ["unknown_reference"]],
  ["the run is of another session", run({ session: "other" }), ["unknown_reference"]],
  [
    "a model has two meanings",
    each("model", (m) => [m, { ...m, compute_unit: "cpuOnly" }]),
    ["ambiguous_id"],
  ],
  ["the run did not end", run({ stop_reason: null }), ["run_outcome"]],
  ["the run stopped and was cancelled", run({ cancelled: true }), ["run_outcome"]],
  ["the run stopped and failed", run({ error: { type: "predictionFailed" } }), ["run_outcome"]],
  ["the run stopped for an unknown reason", run({ stop_reason: "boredom" }), ["run_outcome"]],
  [
    "bytes are given in megabytes",
    each("sample", (s) => (s.unit === "By" ? { ...s, unit: "MB" } : s)),
    ["sample_value"],
  ],
  [
    "a word is not the rank's",
    each("sample", (s) => (s.raw === "fair" ? { ...s, raw: "serious" } : s)),
    ["sample_value"],
  ],
  [
    "a battery is at −1",
    each("sample", (s) => (s.metric === "hw.battery.charge" ? { ...s, value: -1 } : s)),
    ["sample_value"],
  ],
  ["the app lost lines", each("diagnostic", (d) => ({ ...d, type: "log_lines_lost" })), ["lines_lost"]],
])("it is found when %s", async (_, change, codes) => {
  expect(await codesOf(change)).toEqual(codes);
});

test.each<[string, Change]>([
  ["a run that was cancelled", run({ stop_reason: null, cancelled: true })],
  ["a run that failed", run({ stop_reason: null, error: { type: "notFinite", position: 44 } })],
  [
    "a prompt that did not fit",
    run({
      stop_reason: null,
      error: { type: "promptTooLong" },
      context: { limit: 4, policy: "error", dropped_messages: 0, slid_tokens: 0 },
    }),
  ],
  [
    "an answer that slid",
    run({ context: { limit: 42, policy: "slide", dropped_messages: 0, slid_tokens: 2 } }),
  ],
  ["a session that goes on in another file", each("session", (s) => [s, { ...s, part: 2 }])],
  [
    "a battery that answers late",
    each("run", (r) => [
      r,
      { kind: "sample", run: r.id, t_ns: 2_400_000_000, metric: "hw.battery.charge", value: 0.5, unit: "1" },
    ]),
  ],
])("%s is no problem", async (_, change) => {
  expect(await codesOf(change)).toEqual([]);
});

test("a counter that falls is found, and one that begins anew with a session is not", async () => {
  const count = (value: number): AppLogRecord => ({
    kind: "sample",
    t_ns: 1,
    metric: "process.network.io",
    "network.io.direction": "receive",
    value,
    unit: "By",
    how: "counter",
  });
  expect(await codesOf(each("model", (m) => [m, count(10), count(9)]))).toEqual(["sample_value"]);
  expect(await codesOf(each("session", (s) => [s, count(10), { ...s, id: "second" }, s, count(9)]))).toEqual(
    [],
  );
});

test("problems name the line", async () => {
  const lines = EXAMPLE.split("\n");
  const cut = lines.filter((line) => !line.includes('"i":1,')).join("\n");
  expect(checkAppLog((await collectAppLog(cut)).records)).toEqual([
    { line: 12, code: "token_order", message: "token 2 follows 1 tokens" },
    { line: 13, code: "token_order", message: "token 3 follows 2 tokens" },
    { line: 17, code: "token_count", message: "run 5b0c7a52-r1 gave 4 tokens, its records have 3" },
  ]);
});
