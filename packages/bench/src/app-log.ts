import { z } from "zod";

/**
 * The app log: JSON Lines that an app writes while a model runs, one record a line. Version 1.
 *
 * Names follow OpenTelemetry's GenAI conventions where they have one. Units are in the names or beside the value. All times in `_ns` are
 * nanoseconds of a monotonic clock since the session's anchor, but for `token.t_ns`, which counts from the start of its run.
 * A key that is absent or null means that nobody measured it; it never means 0. Keys that the schemas do not name are kept.
 */
export const APP_LOG_VERSION = 1;

const Count = z.number().int().nonnegative();
const Nanoseconds = z.number().int().nonnegative();
const Id = z.string().min(1);

/** Begins a log. What follows belongs to it, up to the next session. Repeated, with the next `part`, where a log continues in another file. */
export const SessionRecord = z.looseObject({
  kind: z.literal("session"),
  /** Version of the log's form. */
  version: z.literal(APP_LOG_VERSION),
  id: Id,
  /** Wall clock at the anchor, ISO 8601 in UTC. */
  started_at: z.iso.datetime(),
  clock: z.looseObject({
    /** Wall clock at the anchor, ISO 8601 in UTC with milliseconds. */
    wall_anchor: z.iso.datetime(),
    /** What the system's monotonic clock said at the anchor. */
    monotonic_anchor_ns: Nanoseconds,
    /** How far the two readings may lie apart. */
    uncertainty_ms: z.number().nonnegative(),
  }),
  /** What wrote the log. */
  tool: z.string(),
  tool_version: z.string().nullish(),
  /** 1 for a session's first file. */
  part: z.number().int().positive().nullish(),
});
export type SessionRecord = z.infer<typeof SessionRecord>;

/** The device and its system. */
export const DeviceRecord = z.looseObject({
  kind: z.literal("device"),
  id: Id,
  /** `iPhone15,3`. */
  "device.model.identifier": z.string(),
  /** `iPhone 14 Pro Max`; the system does not tell an app. */
  "device.model.name": z.string().nullish(),
  ram_bytes: Count,
  "os.name": z.string(),
  "os.version": z.string(),
  /** `23A344`. */
  "os.build_id": z.string().nullish(),
  is_simulator: z.boolean(),
  /** At the start of the session. */
  low_power_mode: z.boolean().nullish(),
});
export type DeviceRecord = z.infer<typeof DeviceRecord>;

/** A model as it was loaded: another compute unit is another record. */
export const ModelRecord = z.looseObject({
  kind: z.literal("model"),
  id: Id,
  /** As its publisher names it: `Qwen/Qwen2.5-1.5B-Instruct`. */
  "gen_ai.request.model": z.string(),
  revision: z.string().nullish(),
  /** Number of parameters. */
  params: Count.nullish(),
  quant: z.looseObject({
    /** `int4`, `q4f16_1`, …; `none`: fp16. */
    scheme: z.string(),
    bits: z.number().positive().nullish(),
    group: z.number().int().positive().nullish(),
  }),
  /** Bytes of the package's files. */
  weights_bytes: Count.nullish(),
  /** Bytes of keys and values that one token adds. */
  kv_bytes_per_token: z.number().nonnegative().nullish(),
  /** Tokens of prompt and answer that the package holds. */
  context_length: Count.nullish(),
  engine: z.looseObject({ name: z.string(), version: z.string().nullish() }),
  /** `all`, `cpuAndGPU`, `cpuAndNeuralEngine`, `cpuOnly`, … */
  compute_unit: z.string().nullish(),
});
export type ModelRecord = z.infer<typeof ModelRecord>;

/** An answer, written when it ends; its tokens, intervals and samples come before. */
export const RunRecord = z.looseObject({
  kind: z.literal("run"),
  id: Id,
  session: Id,
  device: Id,
  model: Id,
  scenario: z.looseObject({
    /** `cold`: the model was loaded for this run, or this is its first one; `warm`: it has answered before. */
    start: z.enum(["cold", "warm"]),
    /** Limit that the caller set; null: none. */
    max_output_tokens: Count.nullish(),
    temperature: z.number().nonnegative().nullish(),
    /** Index among runs of the same scenario. */
    repeat: Count.nullish(),
  }),
  start_ns: Nanoseconds,
  end_ns: Nanoseconds,
  /** Tokens of the prompt as it was fed; null when the run ended before the prompt was known. */
  input_tokens: Count.nullish(),
  /** Those of them that were in the cache and not computed again. */
  cached_tokens: Count.nullish(),
  output_tokens: Count,
  /** `stop`, `max_tokens` or `context`; null for a run that was cancelled or failed. */
  stop_reason: z.string().nullish(),
  cancelled: z.boolean(),
  /** Sizes stand beside `type`. Texts that could hold a prompt or a path are left out. */
  error: z.looseObject({ type: z.string() }).nullish(),
  context: z
    .looseObject({
      /** Tokens of prompt and answer that this run could hold. */
      limit: Count,
      /** What was to happen at the limit: `error`, `drop_oldest_turns`, `slide`. */
      policy: z.string(),
      /** Messages that were left out to fit. */
      dropped_messages: Count,
      /** Tokens that were forgotten in the middle of the answer. */
      slid_tokens: Count,
    })
    .nullish(),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** Output that became available at one moment. */
export const TokenRecord = z.looseObject({
  kind: z.literal("token"),
  run: Id,
  /** Output tokens of the run before this record. */
  i: Count,
  /** Since the start of the run. */
  t_ns: Nanoseconds,
  /** Tokens in this record; more than 1 where an engine gives several at once. */
  n: z.number().int().positive(),
});
export type TokenRecord = z.infer<typeof TokenRecord>;

/** Something that took time. */
export const IntervalRecord = z.looseObject({
  kind: z.literal("interval"),
  run: Id.nullish(),
  /** `load`, `compile`, `warm_up`, `download`, `prefill`, `decode` (first token to last), … */
  name: z.string(),
  start_ns: Nanoseconds,
  duration_ns: Nanoseconds,
  /** False when it ended by an error or a cancellation. */
  completed: z.boolean().nullish(),
  attrs: z.record(z.string(), z.unknown()).nullish(),
});
export type IntervalRecord = z.infer<typeof IntervalRecord>;

/** One reading of a quantity. */
export const SampleRecord = z.looseObject({
  kind: z.literal("sample"),
  run: Id.nullish(),
  t_ns: Nanoseconds,
  /** One of `SAMPLE_METRICS`, or another. */
  metric: z.string(),
  value: z.number(),
  unit: z.string(),
  /** `process`, `device` or `rail:<name>`. */
  scope: z.string().nullish(),
  /** `counter`: since the session began; `gauge`: now. */
  how: z.enum(["counter", "gauge", "estimate"]).nullish(),
  /** What the system said, where `value` is a rank: `serious`. */
  raw: z.string().nullish(),
  /** For `process.network.io`. */
  "network.io.direction": z.enum(["transmit", "receive"]).nullish(),
});
export type SampleRecord = z.infer<typeof SampleRecord>;

/** Something that went wrong, or the system's complaint. */
export const DiagnosticRecord = z.looseObject({
  kind: z.literal("diagnostic"),
  run: Id.nullish(),
  t_ns: Nanoseconds,
  /** `memory_warning`, `compute_unit_fallback`, `log_lines_lost`, … */
  type: z.string(),
  message: z.string().nullish(),
});
export type DiagnosticRecord = z.infer<typeof DiagnosticRecord>;

export const AppLogRecord = z.discriminatedUnion("kind", [
  SessionRecord,
  DeviceRecord,
  ModelRecord,
  RunRecord,
  TokenRecord,
  IntervalRecord,
  SampleRecord,
  DiagnosticRecord,
]);
export type AppLogRecord = z.infer<typeof AppLogRecord>;

/** Kinds of records of version 1. */
export const APP_LOG_KINDS: readonly string[] = AppLogRecord.options.map((option) => option.shape.kind.value);

/** Metrics that a sample may carry, with the unit (UCUM, as OpenTelemetry writes them) that each has. */
export const SAMPLE_METRICS: Readonly<Record<string, string>> = {
  /** What counts against the app's limit: `phys_footprint` on Apple's systems, resident pages on Linux. */
  "process.memory.usage": "By",
  /** What the app may still take. */
  "process.memory.available": "By",
  /** Bytes since the session began, by `network.io.direction`: what the app's own downloader and uploader counted. */
  "process.network.io": "By",
  /** Rank in `THERMAL_STATES`, which `raw` names. */
  "device.thermal_state": "1",
  /** 0 … 1. */
  "hw.battery.charge": "1",
  /** Rank in `BATTERY_STATES`, which `raw` names. */
  "hw.battery.state": "1",
  /** 0 or 1. */
  "device.low_power_mode": "1",
};

/** Units of samples, of metrics that are not in the table too. */
export const SAMPLE_UNITS: readonly string[] = ["By", "1", "s", "J", "W", "Cel"];

/** As `ProcessInfo.ThermalState`, in its order. */
export const THERMAL_STATES: readonly string[] = ["nominal", "fair", "serious", "critical"];

/** As `UIDevice.BatteryState`, in its order. */
export const BATTERY_STATES: readonly string[] = ["unknown", "unplugged", "charging", "full"];

/** Why a run ended by itself. */
export const STOP_REASONS: readonly string[] = ["stop", "max_tokens", "context"];
