export {
  APP_LOG_KINDS,
  APP_LOG_VERSION,
  AppLogRecord,
  BATTERY_STATES,
  DeviceRecord,
  DiagnosticRecord,
  IntervalRecord,
  ModelRecord,
  RunRecord,
  SAMPLE_METRICS,
  SAMPLE_UNITS,
  SampleRecord,
  SessionRecord,
  STOP_REASONS,
  THERMAL_STATES,
  TokenRecord,
} from "./app-log.ts";
export { type AppLogProblem, type AppLogProblemCode, checkAppLog } from "./check-app-log.ts";
export { type LineSource, MAX_LINE_LENGTH } from "./lines.ts";
export { percentile } from "./percentile.ts";
export {
  type AppLog,
  type AppLogLine,
  type AppLogWarning,
  type AppLogWarningCode,
  collectAppLog,
  type NumberedRecord,
  readAppLog,
} from "./read-app-log.ts";
export { type InterTokenLatency, type RunSummary, summarizeRuns } from "./summarize-runs.ts";
