import type { Device } from "../devices.ts";
import { GIB, workingSetLimit } from "./limits.ts";

// Sizes of unified memory that Apple sells with a chip, over all Macs (source: Apple's technical specifications).
const ROWS: readonly (readonly [chip: string, memoryGiB: readonly number[]])[] = [
  ["M1", [8, 16]],
  ["M1 Pro", [16, 32]],
  ["M1 Max", [32, 64]],
  ["M1 Ultra", [64, 128]],
  ["M2", [8, 16, 24]],
  ["M2 Pro", [16, 32]],
  ["M2 Max", [32, 64, 96]],
  ["M2 Ultra", [64, 128, 192]],
  ["M3", [8, 16, 24]],
  ["M3 Pro", [18, 36]],
  ["M3 Max (30-core GPU)", [36, 96]],
  ["M3 Max (40-core GPU)", [48, 64, 128]],
  ["M3 Ultra", [96, 256, 512]],
  ["M4", [16, 24, 32]],
  ["M4 Pro", [24, 48, 64]],
  ["M4 Max (32-core GPU)", [36]],
  ["M4 Max (40-core GPU)", [48, 64, 128]],
  ["M5", [16, 24, 32]],
];

/** One for each chip and size of memory: what a Mac does with a model does not depend on its case. */
export const MACS: readonly Device[] = ROWS.flatMap(([chip, sizes]) =>
  sizes.map((memoryGiB): Device => {
    const memoryBytes = memoryGiB * GIB;
    const limit = workingSetLimit(memoryBytes);
    return {
      id: `mac-${chipId(chip)}-${memoryGiB}gb`,
      name: `Mac ${chip}, ${memoryGiB} GB`,
      kind: "mac",
      identifiers: [],
      chip,
      memoryBytes,
      limit,
      entitledLimit: limit,
    };
  }),
);

/** `M3 Max (30-core GPU)` → `m3-max-30`. */
function chipId(chip: string): string {
  return chip
    .toLowerCase()
    .replace(/ \((\d+)-core gpu\)/, "-$1")
    .replaceAll(" ", "-");
}
