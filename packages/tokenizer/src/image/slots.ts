import { slotOf } from "./hash.ts";

/**
 * Open addressing: a slot holds a number + 1 in its lower `bits` bits and, above, the lowest bits of the hash as a tag,
 * which rejects almost every other key without looking at it. 0 is empty. A search goes on with the next slot.
 */
export function buildSlots(hashes: Uint32Array, numbers: Uint32Array, bits: number): Uint32Array {
  const slots = new Uint32Array(Math.ceil(hashes.length / LOAD) + 1);
  for (let i = 0; i < hashes.length; i++) {
    let slot = slotOf(hashes[i]!, slots.length);
    while (slots[slot] !== 0) slot = slot + 1 === slots.length ? 0 : slot + 1;
    slots[slot] = ((hashes[i]! << bits) | (numbers[i]! + 1)) >>> 0;
  }
  return slots;
}

const LOAD = 0.75;

/** Bits that hold the numbers below `count`, plus one. */
export function bitsFor(count: number): number {
  return Math.max(1, 32 - Math.clz32(count));
}
