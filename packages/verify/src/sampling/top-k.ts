/** Bits of a Float32 that each of three passes looks at, from the highest. */
const DIGITS = [
  { shift: 21, size: 2 ** 11 },
  { shift: 10, size: 2 ** 11 },
  { shift: 0, size: 2 ** 10 },
] as const;

/**
 * The `k`-th largest of values that have no NaN, by counting bits from the highest down: no sort, and no bad case.
 *
 * @param k - from 1 to the number of values.
 */
export function kthLargest(values: Float32Array, k: number): number {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  let known = 0;
  let mask = 0;
  let left = k;
  for (const { shift, size } of DIGITS) {
    const counts = new Uint32Array(size);
    for (let i = 0; i < bits.length; i++) {
      const key = ordered(bits[i]!);
      if ((key & mask) === known) counts[(key >>> shift) & (size - 1)]!++;
    }
    let digit = size - 1;
    while (counts[digit]! < left) left -= counts[digit--]!;
    known |= digit << shift;
    mask |= (size - 1) << shift;
  }
  return new Float32Array(Int32Array.of(unordered(known)).buffer)[0]!;
}

/** A Float32's bits as a number whose unsigned order is that of the values. */
function ordered(bits: number): number {
  return bits < 0 ? ~bits : bits | 0x80000000;
}

function unordered(key: number): number {
  return key < 0 ? key & 0x7fffffff : ~key;
}
