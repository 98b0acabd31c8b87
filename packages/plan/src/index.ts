export {
  type BandwidthKind,
  CHIPS,
  type Chip,
  type ChipClass,
  findChip,
  type GpuGeneration,
} from "./chips.ts";
export {
  cacheBytes,
  decodeFlops,
  geometryOf,
  type ModelFigures,
  modelFigures,
  type ParameterCounts,
  promptFlops,
} from "./figures.ts";
export { predictSpeed } from "./speed/predict.ts";
export type { EngineId, Range, SpeedPrediction, SpeedQuery, Work } from "./speed/query.ts";
