/** Spreads the bits of `h`: murmur3's finalizer. */
export function mix(h: number): number {
  let x = h;
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** 32 bits of `bytes` from `start` to `end`: FNV-1a, spread. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let h = 0x811c9dc5;
  for (let at = start; at < end; at++) h = Math.imul(h ^ bytes[at]!, 0x01000193);
  return mix(h);
}

/** 32 bits of a pair of ids. */
export function hashPair(left: number, right: number): number {
  return mix(Math.imul(left, 0x9e3779b1) ^ Math.imul(right + 0x7f4a7c15, 0x85ebca77));
}

/** The slot where a search begins: the upper 30 bits, scaled. Exact, since a table has fewer than 2^23 slots. */
export function slotOf(hash: number, slots: number): number {
  return Math.floor(((hash >>> 2) * slots) / 0x40000000);
}
