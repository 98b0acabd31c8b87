import { expect, test } from "vitest";
import { splitMix32 } from "../../src/sampling/split-mix-32.ts";

/** From the same steps in Python's unbounded integers, masked to 32 bits. */
test.each([
  [0, [1684164658, 3653269916, 2939563536, 2141751570]],
  [-5, [1426393522, 69271245, 3725471609]],
])("SplitMix32 from seed %i gives its known numbers", (seed, expected) => {
  const random = splitMix32(seed);
  expect(expected.map(() => random() * 2 ** 32)).toEqual(expected);
});
