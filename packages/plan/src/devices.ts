import { IPADS } from "./devices/ipads.ts";
import { IPHONES } from "./devices/iphones.ts";
import type { MemoryLimit } from "./devices/limits.ts";
import { MACS } from "./devices/macs.ts";
import { planError } from "./errors.ts";

export type DeviceKind = "iphone" | "ipad" | "mac";

/** A device, or all Macs with one chip and memory. */
export interface Device {
  /** `iphone-15-pro`. */
  readonly id: string;
  /** `iPhone 15 Pro`. */
  readonly name: string;
  readonly kind: DeviceKind;
  /** As `hw.machine` says it: `iPhone16,1`. Empty where it is not known, and for Macs. */
  readonly identifiers: readonly string[];
  /** As `findChip` takes it; absent where it is not known. */
  readonly chip?: string;
  readonly memoryBytes: number;
  /** What an app may take without an entitlement. */
  readonly limit: MemoryLimit;
  /** … with `com.apple.developer.kernel.increased-memory-limit`. On a Mac the same. */
  readonly entitledLimit: MemoryLimit;
}

/** Every device of the tables: iPhones, iPads, Macs, each from old to recent. */
export const DEVICES: readonly Device[] = [...IPHONES, ...IPADS, ...MACS];

/** What is planned for when no device is named. */
export const DEFAULT_DEVICES: readonly string[] = [
  "iphone-13",
  "iphone-15",
  "iphone-16",
  "iphone-17-pro",
  "ipad-air-m3",
  "mac-m4-16gb",
];

const MAX_SUGGESTIONS = 5;

/**
 * A device by its id, name or identifier, whatever the case. An identifier that several memory sizes share gives the smallest.
 *
 * @throws PippinError `PLAN_DEVICE_UNKNOWN`, with devices of similar names.
 */
export function findDevice(text: string): Device {
  const wanted = normalized(text);
  const found = DEVICES.filter(({ id, name, identifiers }) =>
    [id, name, ...identifiers].some((known) => normalized(known) === wanted),
  ).sort((a, b) => a.memoryBytes - b.memoryBytes);
  if (found[0] !== undefined) return found[0];
  const similar = suggestions(wanted);
  throw planError("PLAN_DEVICE_UNKNOWN", {
    message: `there is no device ${JSON.stringify(text.slice(0, 100))} in the tables`,
    hint:
      similar.length > 0
        ? `Similar ones: ${similar.join(", ")}.`
        : `Devices are named like ${DEFAULT_DEVICES.join(", ")}; "all" is every one.`,
    details: { similar },
  });
}

/** Ids of the devices whose names hold most of the words, then those with most pairs of letters in common. */
function suggestions(wanted: string): string[] {
  const scored = DEVICES.map(({ id, name }) => ({
    id,
    score: Math.max(similarity(wanted, normalized(id)), similarity(wanted, normalized(name))),
  }));
  return scored
    .filter(({ score }) => score >= 0.5)
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_SUGGESTIONS)
    .map(({ id }) => id);
}

/** Share of pairs of neighboring letters that two words have in common (Dice's coefficient). */
function similarity(a: string, b: string): number {
  const [left, right] = [pairs(a), pairs(b)];
  const common = [...left].filter((pair) => right.has(pair)).length;
  return (2 * common) / Math.max(1, left.size + right.size);
}

function pairs(word: string): Set<string> {
  return new Set(
    Array.from({ length: Math.max(0, word.length - 1) }, (_, index) => word.slice(index, index + 2)),
  );
}

/** `iPhone 15 Pro`, `iphone-15-pro` and `IPHONE15PRO` are one; an identifier keeps its comma, or `iPhone1,51` were `iPhone15,1`. */
function normalized(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9,]|,(?!\d)/g, "");
}
