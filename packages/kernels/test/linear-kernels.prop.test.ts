import fc from "fast-check";
import { expect, test } from "vitest";
import { linearRange } from "../src/linear.ts";
import { LINEAR_STATE_BYTES, LinearKernels } from "../src/linear-kernels.ts";
import { plainCastToF16, plainToBf16 } from "../src/plain/cast.ts";
import { plainQuantizeLinearGroups } from "../src/plain/linear.ts";
import { WasmHeap } from "../src/wasm-heap.ts";

const ROOM = 65536;
const ADDRESSES = {
  src: LINEAR_STATE_BYTES,
  dst: LINEAR_STATE_BYTES + 2 * ROOM,
  scaleDst: LINEAR_STATE_BYTES + 3 * ROOM,
  offsetDst: LINEAR_STATE_BYTES + 5 * ROOM,
} as const;
const heap = new WasmHeap(LINEAR_STATE_BYTES + 6 * ROOM);

const ranges = fc
  .record({
    dtype: fc.constantFrom("int4", "int8", "uint4", "uint8"),
    mode: fc.constantFrom("symmetric", "asymmetric"),
  })
  .map(linearRange);
/** Around one magnitude; from 2^-17 down F16 cannot hold all of them. */
const alike = fc
  .tuple(
    fc.integer({ min: -30, max: 15 }),
    fc.array(fc.double({ min: -0.999, max: 0.999, noNaN: true }), { minLength: 8 }),
  )
  .map(([exponent, values]) => values.map((value) => Math.fround(value * 2 ** exponent)));
const groups = fc
  .tuple(
    fc.constantFrom(1, 3, 8, 16, 32, 40, 64, 77, 128),
    fc.array(fc.oneof(alike, fc.constant([0, -0, 0])), { minLength: 1, maxLength: 24 }),
  )
  .map(([groupSize, parts]) => {
    const codes = plainToBf16(Float32Array.from(parts.flat()));
    return { groupSize, codes: codes.slice(0, codes.length - (codes.length % groupSize)) };
  });

test("BF16 codes give the integers, scales, offsets and errors of their values as F16", () => {
  fc.assert(
    fc.property(ranges, groups, (range, { groupSize, codes }) => {
      const kernels = new LinearKernels(heap, range, 0);
      heap.bytes.set(new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength), ADDRESSES.src);
      const count = codes.length / groupSize;

      kernels.quantizeGroups({ ...ADDRESSES, groups: count, groupSize, dtype: "BF16" });

      const asF16 = plainCastToF16(new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength), "BF16");
      const plain = plainQuantizeLinearGroups(asF16.codes, groupSize, range);
      const { bytes } = heap;
      expect(new Uint16Array(bytes.buffer, ADDRESSES.scaleDst, count)).toEqual(plain.scale);
      expect(bytes.subarray(ADDRESSES.offsetDst, ADDRESSES.offsetDst + count)).toEqual(plain.offset);
      expect(bytes.subarray(ADDRESSES.dst, ADDRESSES.dst + codes.length)).toEqual(plain.bytes);
      const { squaredError, squares, maxError, ...counts } = kernels.takeSums();
      expect({ ...plain.sums, ...counts }).toEqual(plain.sums);
      // A weight below 2^-17 is off by 2^-25 at most.
      const slack = 2 ** -24 * Math.sqrt(codes.length);
      expect(Math.abs(Math.sqrt(squares) - Math.sqrt(plain.sums.squares))).toBeLessThanOrEqual(
        1e-5 * Math.sqrt(plain.sums.squares) + slack,
      );
      expect(Math.abs(Math.sqrt(squaredError) - Math.sqrt(plain.sums.squaredError))).toBeLessThanOrEqual(
        1e-5 * Math.sqrt(plain.sums.squares) + slack,
      );
      expect(Math.abs(maxError - plain.sums.maxError)).toBeLessThanOrEqual(
        1e-5 * plain.sums.maxError + 2 ** -24 + 1e-6 * Math.sqrt(plain.sums.squares),
      );
    }),
    { numRuns: 1500 },
  );
});

test("the largest error is found though groups of small scales are not searched for it", () => {
  const range = linearRange({ dtype: "int4", mode: "symmetric" });
  // Scales rise and fall by small steps over many groups, within and beyond what is decided at once.
  const values = Float32Array.from({ length: 32 * 500 }, (_, i) => {
    const group = Math.floor(i / 32);
    return (1 + ((group * 37) % 101) / 300) * Math.sin(i * i);
  });
  const { codes } = plainCastToF16(new Uint8Array(values.buffer), "F32");
  const kernels = new LinearKernels(heap, range, 0);
  heap.bytes.set(new Uint8Array(codes.buffer), ADDRESSES.src);

  kernels.quantizeGroups({ ...ADDRESSES, groups: 500, groupSize: 32, dtype: "F16" });

  const { maxError } = plainQuantizeLinearGroups(codes, 32, range).sums;
  expect(Math.abs(kernels.takeSums().maxError - maxError)).toBeLessThanOrEqual(1e-6);
});
