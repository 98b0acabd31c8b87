export {
  createLayerEngine,
  type LayerEngine,
  type LayerEngineOptions,
  type LoadedLayer,
  type ObserveInput,
} from "./node/layer-engine.ts";
export type { TensorOfRole } from "./node/load.ts";
export { createReferenceRunner, createTensorRunner, type ReferenceOptions } from "./node/reference.ts";
export {
  type LayerOptions,
  loadResidentModel,
  type ReplaceProduct,
  type ResidentModel,
} from "./node/resident-model.ts";
export { measureValueRange, type ValueRange } from "./node/value-range.ts";
