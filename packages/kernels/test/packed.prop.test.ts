import fc from "fast-check";
import { expect, test } from "vitest";
import { type CodeBits, PLAIN_FLOATS, plainAffine, plainCode, plainTranspose } from "../src/plain/packed.ts";
import { WasmHeap } from "../src/wasm-heap.ts";

const heap = new WasmHeap(1 << 20);
const { kernels } = heap;
const DST = 1 << 18;
const MORE = 1 << 19;

const bits = fc.constantFrom<CodeBits>(1, 2, 3, 4, 5, 6, 8);
/** Finite and of every magnitude. */
const finite = fc.float({ noNaN: true, noDefaultInfinity: true });

test("codes of any width come out of a stream as the plain twin reads them", () => {
  fc.assert(
    fc.property(bits, fc.uint8Array({ minLength: 8, maxLength: 200 }), (width, bytes) => {
      const count = Math.floor((bytes.length * 8) / width);
      heap.bytes.set(bytes, 0);
      kernels.unpack_bits(0, DST, count, width);
      const codes = Array.from({ length: count }, (_, index) => plainCode(bytes, index, width));
      expect([...heap.bytes.subarray(DST, DST + count)]).toEqual(codes);
    }),
    { numRuns: 500 },
  );
});

test("a nibble of each word is what shifting gives", () => {
  fc.assert(
    fc.property(fc.uint32Array({ minLength: 1, maxLength: 70 }), fc.nat({ max: 7 }), (words, nibble) => {
      heap.bytes.set(new Uint8Array(words.buffer), 0);
      kernels.unpack_nibble(0, DST, words.length, 4 * nibble);
      const expected = Array.from(words, (word) => (word >>> (4 * nibble)) & 15);
      expect([...heap.bytes.subarray(DST, DST + words.length)]).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test("words are transposed as by the plain twin", () => {
  const side = fc.integer({ min: 1, max: 21 });
  fc.assert(
    fc.property(side, side, (rows, cols) => {
      const words = Uint32Array.from({ length: rows * cols }, (_, at) => at * 2654435761);
      heap.bytes.set(new Uint8Array(words.buffer), 0);
      kernels.transpose_words(0, DST, rows, cols);
      const result = new Uint32Array(heap.bytes.buffer, DST, words.length);
      expect(result).toEqual(plainTranspose(words, rows, cols));
    }),
    { numRuns: 300 },
  );
});

test.each([
  ["F8_E4M3", kernels.e4m3_to_f32, 256],
  ["F8_E5M2", kernels.e5m2_to_f32, 256],
  ["F8_E8M0", kernels.e8m0_to_f32, 256],
  ["F4_E2M1", kernels.e2m1_to_f32, 16],
  ["I8", kernels.i8_to_f32, 256],
  ["I4", kernels.i4_to_f32, 16],
] as const)("every code of %s means what the plain twin says", (format, kernel, count) => {
  heap.bytes.set(
    Uint8Array.from({ length: count }, (_, code) => code),
    0,
  );
  kernel(0, DST, count);
  const expected = Float32Array.from({ length: count }, (_, code) => PLAIN_FLOATS[format](code));
  expect(heap.floats(DST, count)).toEqual(expected);
});

test("indices are looked up in a table", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 70 }), (codes) => {
      const table = Float32Array.from({ length: 256 }, (_, code) => 1.5 ** (code % 50) - code);
      heap.bytes.set(codes, 0);
      heap.floats(MORE, 256).set(table);
      kernels.lookup_f32(0, DST, codes.length, MORE);
      expect([...heap.floats(DST, codes.length)]).toEqual(Array.from(codes, (code) => table[code]!));
    }),
    { numRuns: 100 },
  );
});

test("groups are scaled and moved as the plain twin does", () => {
  const shape = fc.record({
    group: fc.integer({ min: 1, max: 40 }),
    skip: fc.nat(),
    count: fc.integer({ min: 1, max: 100 }),
  });
  fc.assert(
    fc.property(
      shape,
      fc.array(finite, { minLength: 16, maxLength: 16 }),
      ({ group, skip, count }, seeds) => {
        const skipped = skip % group;
        const at = (index: number) => Math.fround(seeds[index % 16]!);
        const values = Float32Array.from({ length: count }, (_, index) => at(index * 7));
        const groups = Array.from({ length: 101 }, (_, g) => ({
          scale: at(g),
          zero: at(g + 5),
          bias: at(g + 9),
        }));
        heap.floats(DST, count).set(values);
        groups.forEach(({ scale, zero, bias }, g) => {
          heap.floats(MORE, 303)[g] = scale;
          heap.floats(MORE, 303)[101 + g] = zero;
          heap.floats(MORE, 303)[202 + g] = bias;
        });
        kernels.affine_f32(DST, count, group, skipped, MORE, MORE + 404, MORE + 808);
        const expected = values.map((value, index) =>
          plainAffine(value, groups[Math.floor((skipped + index) / group)]!),
        );
        expect(heap.floats(DST, count)).toEqual(expected);
      },
    ),
    { numRuns: 500 },
  );
});

test("values are scaled by the group that an index names", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 50 }), (index) => {
      const groups = Array.from({ length: 8 }, (_, g) => ({ scale: 1.5 ** g, zero: g + 1, bias: -0 }));
      heap.floats(DST, index.length).set(index.map((_, at) => at % 16));
      new Int32Array(heap.bytes.buffer, 0, index.length).set(index);
      heap.floats(MORE, 8).set(groups.map(({ scale }) => scale));
      heap.floats(MORE + 32, 8).set(groups.map(({ zero }) => zero));
      kernels.affine_indexed_f32(DST, index.length, 0, MORE, MORE + 32);
      const expected = index.map((g, at) =>
        plainAffine(at % 16, { ...groups[g]!, scale: Math.fround(groups[g]!.scale) }),
      );
      expect([...heap.floats(DST, index.length)]).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});
