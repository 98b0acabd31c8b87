import type { Device } from "../devices.ts";
import { derivedEntitledLimit, derivedLimit, GIB, type MemoryLimit, measured } from "./limits.ts";

type Row = readonly [
  name: string,
  identifiers: readonly string[],
  chip: string | undefined,
  memoryGiB: number,
  measured?: { readonly limit?: MemoryLimit; readonly entitledLimit?: MemoryLimit },
];

const POCKETPAL = "pocketpal-ai pull request 651 and its memory baselines, iOS 26.3";
const OLMOE = "OLMoE.swift pull request 38, os_proc_available_memory";
const RTABMAP = "rtabmap pull request 1446, os_proc_available_memory";
const SIDESTORE = "SideStore issue 1616, iOS 27";
const REPORTED = "reported limit of 6144 MB; a phone of 12 GB had no more than one of 8 GB";

// Identifiers, chips and memory: public since teardowns and benchmarks show them (GSMArena for memory; Apple names chips only).
// Left out on purpose: "3 GB → 4 GB" for an iPhone 12 (rtabmap 1446), which its sister of the same memory contradicts.
const ROWS: readonly Row[] = [
  ["iPhone 11", ["iPhone12,1"], "A13", 4],
  ["iPhone 11 Pro", ["iPhone12,3"], "A13", 4],
  ["iPhone 11 Pro Max", ["iPhone12,5"], "A13", 4],
  ["iPhone SE (2nd generation)", ["iPhone12,8"], "A13", 3],
  [
    "iPhone 12 mini",
    ["iPhone13,1"],
    "A14",
    4,
    { limit: measured(2.1e9, OLMOE), entitledLimit: measured(2.4e9, OLMOE) },
  ],
  ["iPhone 12", ["iPhone13,2"], "A14", 4],
  ["iPhone 12 Pro", ["iPhone13,3"], "A14", 6],
  ["iPhone 12 Pro Max", ["iPhone13,4"], "A14", 6],
  ["iPhone 13 mini", ["iPhone14,4"], "A15", 4],
  ["iPhone 13", ["iPhone14,5"], "A15", 4],
  [
    "iPhone 13 Pro",
    ["iPhone14,2"],
    "A15",
    6,
    { limit: measured(3 * GIB, POCKETPAL), entitledLimit: measured(4.2e9, POCKETPAL) },
  ],
  ["iPhone 13 Pro Max", ["iPhone14,3"], "A15", 6],
  ["iPhone SE (3rd generation)", ["iPhone14,6"], "A15", 4],
  ["iPhone 14", ["iPhone14,7"], "A15", 6],
  ["iPhone 14 Plus", ["iPhone14,8"], "A15", 6],
  ["iPhone 14 Pro", ["iPhone15,2"], "A16", 6],
  ["iPhone 14 Pro Max", ["iPhone15,3"], "A16", 6],
  ["iPhone 15", ["iPhone15,4"], "A16", 6],
  ["iPhone 15 Plus", ["iPhone15,5"], "A16", 6],
  [
    "iPhone 15 Pro",
    ["iPhone16,1"],
    "A17 Pro",
    8,
    { limit: measured(3 * GIB, RTABMAP), entitledLimit: measured(6 * GIB, RTABMAP) },
  ],
  [
    "iPhone 15 Pro Max",
    ["iPhone16,2"],
    "A17 Pro",
    8,
    { limit: measured(3.3e9, SIDESTORE), entitledLimit: measured(6e9, SIDESTORE) },
  ],
  ["iPhone 16e", ["iPhone17,5"], "A18", 8],
  ["iPhone 16", ["iPhone17,3"], "A18", 8],
  ["iPhone 16 Plus", ["iPhone17,4"], "A18", 8],
  ["iPhone 16 Pro", ["iPhone17,1"], "A18 Pro", 8],
  ["iPhone 16 Pro Max", ["iPhone17,2"], "A18 Pro", 8, { entitledLimit: measured(6 * GIB, REPORTED) }],
  ["iPhone 17e", [], "A19", 8],
  ["iPhone 17", ["iPhone18,3"], "A19", 8],
  ["iPhone Air", ["iPhone18,4"], "A19 Pro", 12],
  ["iPhone 17 Pro", ["iPhone18,1"], "A19 Pro", 12],
  ["iPhone 17 Pro Max", ["iPhone18,2"], "A19 Pro", 12, { entitledLimit: measured(6 * GIB, REPORTED) }],
  ["iPhone 18 Pro", ["iPhone19,2"], undefined, 12],
  ["iPhone 18 Pro Max", [], undefined, 12],
];

/** From 2019 on, those that iOS 18 runs on; older ones are left out. */
export const IPHONES: readonly Device[] = ROWS.map(([name, identifiers, chip, memoryGiB, known = {}]) => {
  const memoryBytes = memoryGiB * GIB;
  return {
    id: idOf(name),
    name,
    kind: "iphone",
    identifiers,
    ...(chip === undefined ? {} : { chip }),
    memoryBytes,
    limit: known.limit ?? derivedLimit(memoryBytes),
    entitledLimit: known.entitledLimit ?? derivedEntitledLimit(memoryBytes, "iphone"),
  };
});

/** `iPhone SE (2nd generation)` → `iphone-se-2`. */
function idOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/ \((\d)\w+ generation\)/, "-$1")
    .replaceAll(" ", "-");
}
