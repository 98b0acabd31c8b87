/** Kinds of device that share how memory and GPU are laid out. */
export type ChipClass = "iphone" | "mac-base" | "mac-pro" | "mac-max" | "mac-ultra" | "android";

/** How good a bandwidth figure is: the vendor's own peak, a third party's table, or an estimate from the memory's type. */
export type BandwidthKind = "vendor peak" | "third party" | "estimate";

/**
 * Generation of a GPU's cores, as Apple's "Metal Feature Set Tables" group them: cores of one generation do about the same work.
 * `apple9` is split, since M4's cores do about a fifth more than M3's in published prompt rates of llama.cpp.
 */
export type GpuGeneration = "apple6" | "apple7" | "apple8" | "apple9" | "apple9-m4" | "apple10" | "other";

/** What is known of a chip. A fact that nobody published is absent. */
export interface Chip {
  readonly name: string;
  readonly class: ChipClass;
  /** Bandwidth between memory and the whole chip. */
  readonly bandwidth: {
    readonly gigabytesPerSecond: number;
    readonly kind: BandwidthKind;
    readonly source: string;
  };
  /** Bandwidth that the neural engine reached in anemll-bench: far below the GPU's on large chips. */
  readonly neuralEngineGigabytesPerSecond?: number;
  readonly gpuCores?: number;
  readonly gpuGeneration: GpuGeneration;
  /** Smaller variant sold under the same name, when the plain name means the larger one. */
  readonly smallerVariant?: string;
}

const APPLE = "Apple's product pages, as collected in llama.cpp discussion 4167";
const TOPCPU = "topcpu.net; Apple publishes no figure";
const BUS = "64-bit bus at the data rate reported by teardowns; Apple publishes no figure";
const EDGE = "john-rocky/edge-llm-bench, estimate; Apple publishes no figure";
const QUALCOMM = "Qualcomm's product briefs: memory clock × 64 bits";
const MEDIATEK = "MediaTek's product pages: memory data rate × 64 bits";

type Row = readonly [
  name: string,
  chipClass: ChipClass,
  gigabytesPerSecond: number,
  kind: BandwidthKind,
  gpuCores: number | undefined,
  generation: GpuGeneration,
  neuralEngine: number | undefined,
  source: string,
  smallerVariant?: string,
];

// Cores are those of the variant with most cores where bandwidth is the same; neural engines: Anemll/anemll-bench README.
const ROWS: readonly Row[] = [
  ["A13", "iphone", 34.1, "third party", 4, "apple6", undefined, TOPCPU],
  ["A14", "iphone", 34.1, "estimate", 4, "apple7", undefined, BUS],
  ["A15", "iphone", 34.1, "estimate", 5, "apple8", undefined, BUS],
  ["A16", "iphone", 51.2, "third party", 5, "apple8", undefined, TOPCPU],
  ["A17 Pro", "iphone", 51.2, "estimate", 6, "apple9", undefined, BUS],
  ["A18", "iphone", 60, "estimate", 5, "apple9", undefined, EDGE],
  ["A18 Pro", "iphone", 60, "estimate", 6, "apple9", undefined, BUS],
  ["A19", "iphone", 68, "estimate", 5, "apple10", undefined, EDGE],
  ["A19 Pro", "iphone", 76.8, "estimate", 6, "apple10", undefined, EDGE],
  ["M1", "mac-base", 68, "vendor peak", 8, "apple7", 60.87, APPLE],
  ["M1 Pro", "mac-pro", 200, "vendor peak", 16, "apple7", 54.9, APPLE],
  ["M1 Max", "mac-max", 400, "vendor peak", 32, "apple7", 54.62, APPLE],
  ["M1 Ultra", "mac-ultra", 800, "vendor peak", 64, "apple7", 54.72, APPLE],
  ["M2", "mac-base", 100, "vendor peak", 10, "apple8", 60.45, APPLE],
  ["M2 Pro", "mac-pro", 200, "vendor peak", 19, "apple8", undefined, APPLE],
  ["M2 Max", "mac-max", 400, "vendor peak", 38, "apple8", 62.01, APPLE],
  ["M2 Ultra", "mac-ultra", 800, "vendor peak", 76, "apple8", 61.68, APPLE],
  ["M3", "mac-base", 100, "vendor peak", 10, "apple9", 63.1, APPLE],
  ["M3 Pro", "mac-pro", 150, "vendor peak", 18, "apple9", undefined, APPLE],
  ["M3 Max", "mac-max", 400, "vendor peak", 40, "apple9", 120.22, APPLE, "M3 Max (30-core GPU)"],
  ["M3 Max (40-core GPU)", "mac-max", 400, "vendor peak", 40, "apple9", 120.22, APPLE],
  ["M3 Max (30-core GPU)", "mac-max", 300, "vendor peak", 30, "apple9", 120.22, APPLE],
  ["M3 Ultra", "mac-ultra", 800, "vendor peak", 80, "apple9", undefined, APPLE],
  ["M4", "mac-base", 120, "vendor peak", 10, "apple9-m4", 64.18, APPLE],
  ["M4 Pro", "mac-pro", 273, "vendor peak", 20, "apple9-m4", 126.36, APPLE],
  ["M4 Max", "mac-max", 546, "vendor peak", 40, "apple9-m4", 118.88, APPLE, "M4 Max (32-core GPU)"],
  ["M4 Max (40-core GPU)", "mac-max", 546, "vendor peak", 40, "apple9-m4", 118.88, APPLE],
  ["M4 Max (32-core GPU)", "mac-max", 410, "vendor peak", 32, "apple9-m4", 118.88, APPLE],
  ["M5", "mac-base", 153, "vendor peak", 10, "apple10", 70.21, APPLE],
  ["M5 Pro", "mac-pro", 307, "vendor peak", undefined, "apple10", undefined, APPLE],
  ["M5 Max", "mac-max", 614, "vendor peak", 40, "apple10", undefined, APPLE, "M5 Max (32-core GPU)"],
  ["M5 Max (40-core GPU)", "mac-max", 614, "vendor peak", 40, "apple10", undefined, APPLE],
  ["M5 Max (32-core GPU)", "mac-max", 460, "vendor peak", 32, "apple10", undefined, APPLE],
  ["M5 Ultra", "mac-ultra", 1200, "vendor peak", undefined, "apple10", undefined, APPLE],
  ["M6", "mac-base", 170, "vendor peak", undefined, "apple10", undefined, APPLE],
  ["Snapdragon 8 Gen 2", "android", 67.2, "estimate", undefined, "other", undefined, QUALCOMM],
  ["Snapdragon 8 Gen 3", "android", 76.8, "estimate", undefined, "other", undefined, QUALCOMM],
  ["Snapdragon 8 Elite", "android", 84.8, "estimate", undefined, "other", undefined, QUALCOMM],
  ["Dimensity 9300", "android", 76.8, "estimate", undefined, "other", undefined, MEDIATEK],
  ["Dimensity 9400", "android", 85.3, "estimate", undefined, "other", undefined, MEDIATEK],
];

/** All chips of the table, in its order. */
export const CHIPS: readonly Chip[] = ROWS.map(fromRow);

const BY_NAME = new Map(CHIPS.map((chip) => [normalized(chip.name), chip]));

/**
 * Finds a chip by its name, whatever its case and spacing: "A17 Pro", "M3 Max (30-core GPU)", "Apple M3 Max".
 * A plain name stands for the variant with the larger GPU.
 */
export function findChip(name: string): Chip | undefined {
  return BY_NAME.get(normalized(name));
}

function normalized(name: string): string {
  return name
    .toLowerCase()
    .replace(/^apple\s+/, "")
    .replaceAll(/[^a-z0-9]/g, "");
}

function fromRow(row: Row): Chip {
  const [name, chipClass, gigabytesPerSecond, kind, gpuCores, gpuGeneration, neuralEngine, source, smaller] =
    row;
  return {
    name,
    class: chipClass,
    bandwidth: { gigabytesPerSecond, kind, source },
    ...(neuralEngine === undefined ? {} : { neuralEngineGigabytesPerSecond: neuralEngine }),
    ...(gpuCores === undefined ? {} : { gpuCores }),
    gpuGeneration,
    ...(smaller === undefined ? {} : { smallerVariant: smaller }),
  };
}
