import type { Device } from "../devices.ts";
import { derivedEntitledLimit, derivedLimit, GIB, measured } from "./limits.ts";

type Row = readonly [
  id: string,
  name: string,
  identifiers: readonly string[],
  chip: string,
  memoryGiB: readonly number[],
];

// Identifiers and memory: public lists; where a model is sold with two sizes, each is a device of its own.
const ROWS: readonly Row[] = [
  ["ipad-10", "iPad (10th generation)", ["iPad13,18", "iPad13,19"], "A14", [4]],
  ["ipad-a16", "iPad (A16)", ["iPad15,7", "iPad15,8"], "A16", [6]],
  ["ipad-mini-6", "iPad mini (6th generation)", ["iPad14,1", "iPad14,2"], "A15", [4]],
  ["ipad-mini-a17-pro", "iPad mini (A17 Pro)", ["iPad16,1", "iPad16,2"], "A17 Pro", [8]],
  ["ipad-air-m1", "iPad Air (M1)", ["iPad13,16", "iPad13,17"], "M1", [8]],
  ["ipad-air-m2", "iPad Air (M2)", ["iPad14,8", "iPad14,9", "iPad14,10", "iPad14,11"], "M2", [8]],
  ["ipad-air-m3", "iPad Air (M3)", ["iPad15,3", "iPad15,4", "iPad15,5", "iPad15,6"], "M3", [8]],
  [
    "ipad-pro-m1",
    "iPad Pro (M1)",
    [4, 5, 6, 7, 8, 9, 10, 11].map((version) => `iPad13,${version}`),
    "M1",
    [8, 16],
  ],
  ["ipad-pro-m2", "iPad Pro (M2)", [3, 4, 5, 6].map((version) => `iPad14,${version}`), "M2", [8, 16]],
  ["ipad-pro-m4", "iPad Pro (M4)", [3, 4, 5, 6].map((version) => `iPad16,${version}`), "M4", [8, 16]],
  ["ipad-pro-m5", "iPad Pro (M5)", [1, 2, 3, 4].map((version) => `iPad17,${version}`), "M5", [12, 16]],
];

const FORUM_LIMIT = "Apple developer forum thread 826325: fallen from 6 to 3 GB in iPadOS 26.4";
const FORUM_ENTITLED = "an engineer of Apple in developer forum thread 777370: about 13 GiB";

/** iPads that iPadOS 18 runs on. */
export const IPADS: readonly Device[] = ROWS.flatMap(([id, name, identifiers, chip, sizes]) =>
  sizes.map((memoryGiB): Device => {
    const memoryBytes = memoryGiB * GIB;
    const several = sizes.length > 1;
    return {
      id: several ? `${id}-${memoryGiB}gb` : id,
      name: several ? `${name}, ${memoryGiB} GB` : name,
      kind: "ipad",
      identifiers,
      chip,
      memoryBytes,
      limit: memoryGiB === 8 ? measured(3 * GIB, FORUM_LIMIT) : derivedLimit(memoryBytes),
      entitledLimit:
        memoryGiB === 16 ? measured(13 * GIB, FORUM_ENTITLED) : derivedEntitledLimit(memoryBytes, "ipad"),
    };
  }),
);
