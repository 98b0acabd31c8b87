/** What a target system reads (source: coremltools' opset table). */
export const TARGETS = {
  ios16: { specificationVersion: 7, opset: "CoreML6", system: { iOS: 16, macOS: 13 } },
  ios17: { specificationVersion: 8, opset: "CoreML7", system: { iOS: 17, macOS: 14 } },
  ios18: { specificationVersion: 9, opset: "CoreML8", system: { iOS: 18, macOS: 15 } },
  ios26: { specificationVersion: 10, opset: "CoreML9", system: { iOS: 26, macOS: 26 } },
} as const;
export type Target = keyof typeof TARGETS;
