export type { Candidate } from "./candidate.ts";
export {
  type BandwidthKind,
  CHIPS,
  type Chip,
  type ChipClass,
  findChip,
  type GpuGeneration,
} from "./chips.ts";
export type { MemoryLimit } from "./devices/limits.ts";
export { DEFAULT_DEVICES, DEVICES, type Device, type DeviceKind, findDevice } from "./devices.ts";
export type { PlanErrorCode } from "./errors.ts";
export {
  cacheBytes,
  decodeFlops,
  geometryOf,
  type ModelFigures,
  modelFigures,
  type ParameterCounts,
  promptFlops,
} from "./figures.ts";
export type {
  CandidatePlan,
  ConvertOptions,
  DeviceCandidate,
  DevicePlan,
  Fit,
  ModelPlan,
  PippinJson,
  Recommendation,
  Remedy,
  SpeedFigures,
} from "./model-plan.ts";
export { type PlanInput, type PlanOptions, planModel } from "./plan.ts";
export { renderPlanHtml } from "./report/plan-html.ts";
export type { Lengths } from "./reshape.ts";
export { type PlanTable, planSummary, planTables } from "./rows.ts";
export type { EngineId } from "./speed/engines.ts";
export { predictSpeed } from "./speed/predict.ts";
export type { Range, SpeedPrediction, SpeedQuery, Work } from "./speed/query.ts";
