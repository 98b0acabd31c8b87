import fc from "fast-check";
import { expect, test } from "vitest";
import { DTYPES, type Dtype } from "../src/dtype.ts";
import { BLOCK_SCALES } from "../src/node/grid-scales.ts";
import { plainGridCodes, plainGridGroup } from "../src/plain/grid.ts";
import { GGUF_GROUPS } from "../src/plain/group-scales.ts";
import { WasmHeap } from "../src/wasm-heap.ts";

const float = fc.float({ min: -8, max: 8, noNaN: true, noDefaultInfinity: true });
const group = fc.tuple(float, float, float, float);
/** Of every magnitude, subnormal ones and zeros among them. */
const anyFloat = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  float,
  fc.constantFrom(0, -0, 1e-8),
);
const [SOURCE, CODES, GROUPS, SUMS] = [0, 4096, 8192, 12288];
const [SCALES, MINIMA, SCALE_CODES, OFFSETS] = [1024, 2048, 3072, 4096];

test("grid_codes gives its twin's integers and largest error", () => {
  const heap = new WasmHeap(16384);
  fc.assert(
    fc.property(
      fc.array(float, { minLength: 1, maxLength: 200 }),
      fc.array(group, { minLength: 26, maxLength: 26 }),
      fc.constantFrom(8, 16, 32),
      fc.nat(7),
      fc.constantFrom([-8, 7], [0, 15], [-128, 127], [0, 255]),
      (given, groups, groupSize, skip, [low = 0, high = 0]) => {
        const values = Float32Array.from(given);
        heap.floats(SOURCE, values.length).set(values);
        heap.floats(GROUPS, 4 * groups.length).set(groups.flat());
        heap.bytes.fill(0, SUMS, SUMS + 24);
        heap.kernels.grid_codes(SOURCE, CODES, values.length, groupSize, skip, GROUPS, low, high, SUMS);

        const groupOf = (element: number) => {
          const [inverse, minimum, scale, offset] = groups[Math.floor((element + skip) / groupSize)]!;
          return { inverse, minimum, scale, offset };
        };
        const wanted = plainGridCodes(values, groupOf, { low, high });
        expect(heap.bytes.slice(CODES, CODES + values.length)).toEqual(wanted.codes);
        expect(heap.floats(SUMS + 16, 1)[0]).toBe(wanted.maxError);
      },
    ),
  );
});

const scales = fc.array(fc.tuple(anyFloat, anyFloat), { minLength: 1, maxLength: 40 });

test.each(["none", "float", "integer"] as const)("grid_groups is its twin with offsets %s", (kind) => {
  const heap = new WasmHeap(16384);
  fc.assert(
    fc.property(scales, fc.constantFrom(7, 15, 127, 255), fc.nat(1), (given, high, skip) => {
      heap.floats(SCALES, given.length).set(given.map(([scale]) => scale));
      heap.floats(MINIMA, given.length).set(given.map(([, minimum]) => minimum));
      const kinds = { none: 0, float: 1, integer: 2 };
      const addresses = [GROUPS, SCALE_CODES, OFFSETS] as const;
      const lost = heap.kernels.grid_groups(
        ...[SCALES, MINIMA, given.length, skip, kinds[kind], high],
        ...addresses,
      );

      const wanted = given.map(([scale, minimum]) => plainGridGroup({ scale, minimum }, { kind, high }));
      const parameters = wanted.flatMap(({ inverse, minimum, scale, offset }) => [
        inverse,
        minimum,
        scale,
        offset,
      ]);
      expect(heap.floats(GROUPS, parameters.length)).toEqual(Float32Array.from(parameters));
      const words = new Uint16Array(heap.bytes.buffer);
      const found = given.map((_, i) => [words[SCALE_CODES / 2 + i], words[OFFSETS / 2 + i]]);
      expect(found).toEqual(wanted.map(({ scaleCode, offsetCode }) => [scaleCode, offsetCode]));
      expect(lost).toBe(wanted.slice(skip).filter(({ constant }) => constant).length);
    }),
    { numRuns: 400 },
  );
});

test.each(Object.keys(BLOCK_SCALES))("the scales of %s are those of its twin", (dtype) => {
  const heap = new WasmHeap(16384);
  const [kernel, groups] = BLOCK_SCALES[dtype]!;
  const { blockBytes } = DTYPES[dtype as Dtype];
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 3 * blockBytes, maxLength: 3 * blockBytes }), (bytes) => {
      heap.bytes.set(bytes, SOURCE);
      heap.kernels[kernel](SOURCE, SCALES, MINIMA, 3, blockBytes);

      const wanted: [number[], number[]] = [[], []];
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      for (let block = 0; block < 3; block++) {
        GGUF_GROUPS[dtype]!(view, block * blockBytes, (scale, minimum) => {
          wanted[0].push(scale);
          wanted[1].push(minimum);
        });
      }
      expect(heap.floats(SCALES, 3 * groups)).toEqual(Float32Array.from(wanted[0]));
      expect(heap.floats(MINIMA, 3 * groups)).toEqual(Float32Array.from(wanted[1]));
    }),
  );
});
