/** What a target system reads (source: coremltools' opset table). */
export const TARGETS = {
  ios16: { specificationVersion: 7, opset: "CoreML6" },
  ios17: { specificationVersion: 8, opset: "CoreML7" },
  ios18: { specificationVersion: 9, opset: "CoreML8" },
  ios26: { specificationVersion: 10, opset: "CoreML9" },
} as const;
export type Target = keyof typeof TARGETS;
