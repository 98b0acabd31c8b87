import fc from "fast-check";
import { expect, test } from "vitest";
import { plainGridCodes } from "../src/plain/grid.ts";
import { WasmHeap } from "../src/wasm-heap.ts";

const float = fc.float({ min: -8, max: 8, noNaN: true, noDefaultInfinity: true });
const group = fc.tuple(float, float, float, float);
const [SOURCE, CODES, GROUPS, SUMS] = [0, 4096, 8192, 12288];

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
