import { estimateMemory, type ModelGeometry, type RuntimeManifest } from "@pippin/core";
import type { CandidatePlan, ConvertOptions } from "./model-plan.ts";
import { type Lengths, reshape } from "./reshape.ts";

/** One way to store the model, as a backend's `plan` gives it. */
export interface Candidate {
  /** As the backend calls it: `int4`. */
  readonly encoding: string;
  /** What executes it; unknown ones count as a GPU: `coreml-gpu`. */
  readonly engine: string;
  /** Options of the backend that ask for it; they go into `pippin.json`. */
  readonly options: ConvertOptions;
  /** Of all files that conversion writes. */
  readonly outputBytes: number;
  readonly manifest: RuntimeManifest;
  /** The same with other lengths, as the backend plans it: makes the sizes of a recommendation exact. */
  readonly replan?: ((lengths: Lengths) => Pick<Candidate, "outputBytes" | "manifest">) | undefined;
  /** As `BackendPlan` has them. */
  readonly unpacking?: "none" | "possible" | "expected" | undefined;
  readonly keepsGrid?: boolean | undefined;
}

export function planCandidate(candidate: Candidate, geometry: ModelGeometry): CandidatePlan {
  const { encoding, engine, options, outputBytes, manifest, keepsGrid = false } = candidate;
  const unpacking = candidate.unpacking ?? "possible";
  const memory = estimateMemory(manifest, outputBytes, geometry);
  const { cacheBytes, activationBytes, overheadBytes, peakBytes } = memory;
  return {
    ...{ encoding, engine, options, packageBytes: outputBytes },
    bitsPerWeight: (8 * outputBytes) / geometry.parameters,
    keepsGrid,
    ...{ cacheBytes, activationBytes, overheadBytes, peakBytes },
    loadPeakBytes:
      unpacking === "none"
        ? outputBytes + cacheBytes + overheadBytes
        : (memory.unpackedLoadBytes ?? peakBytes),
    unpacking,
  };
}

/** What a device must have room for when the package is made for these lengths. */
export function neededBytes(candidate: Candidate, geometry: ModelGeometry, lengths?: Lengths): number {
  const manifest = lengths ? reshape(candidate.manifest, lengths) : candidate.manifest;
  const { peakBytes, unpackedLoadBytes } = estimateMemory(manifest, candidate.outputBytes, geometry);
  return candidate.unpacking === "expected" ? Math.max(peakBytes, unpackedLoadBytes ?? 0) : peakBytes;
}
