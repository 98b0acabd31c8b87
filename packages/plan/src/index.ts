export {
  type BandwidthKind,
  CHIPS,
  type Chip,
  type ChipClass,
  findChip,
  type GpuGeneration,
} from "./chips.ts";
export type { EngineId } from "./speed/engines.ts";
export { predictSpeed } from "./speed/predict.ts";
export type { Range, SpeedPrediction, SpeedQuery, Work } from "./speed/query.ts";
