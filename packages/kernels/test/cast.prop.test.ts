import fc from "fast-check";
import { expect, test } from "vitest";
import { castToF16, castToF32, toF16 } from "../src/cast.ts";
import { DTYPES, FLOAT_DTYPES } from "../src/dtype.ts";
import { plainCastToF16, plainCastToF32 } from "../src/plain/cast.ts";

const dtypes = fc.constantFrom(...FLOAT_DTYPES);
/** Whole blocks of arbitrary bytes: NaN, infinities and subnormals come by themselves. */
const blocks = dtypes.chain((dtype) => {
  const { blockBytes } = DTYPES[dtype];
  return fc
    .uint8Array({ maxLength: 80 * blockBytes, size: "max" })
    .map((bytes) => ({ dtype, bytes: bytes.slice(0, bytes.length - (bytes.length % blockBytes)) }));
});

test("the kernels to F16 and their plain twins give the same codes and the same maximum", () => {
  fc.assert(
    fc.property(blocks, ({ dtype, bytes }) => {
      const wasm = castToF16(bytes, dtype);
      const plain = plainCastToF16(bytes, dtype);
      expect(wasm.codes).toEqual(plain.codes);
      expect(wasm.maxAbs).toBe(plain.maxAbs);
    }),
    { numRuns: 1500 },
  );
});

test("the kernels to F32 and their plain twins give the same values", () => {
  fc.assert(
    fc.property(blocks, ({ dtype, bytes }) => {
      // toEqual tells −0 from 0 and takes every NaN for the same.
      expect(castToF32(bytes, dtype)).toEqual(plainCastToF32(bytes, dtype));
    }),
    { numRuns: 1500 },
  );
});

/** Where the F16 scales and minima of a block stand. */
const SCALES_AT = {
  Q4_0: [0],
  Q4_1: [0, 2],
  Q5_0: [0],
  Q5_1: [0, 2],
  Q8_0: [0],
  Q2_K: [80, 82],
  Q3_K: [108],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
  IQ4_NL: [0],
  IQ4_XS: [0],
} as const;

test("blocks of like scales, as files have them, give what the plain twin gives", () => {
  const types = fc.constantFrom(...(Object.keys(SCALES_AT) as (keyof typeof SCALES_AT)[])); // the keys of the table
  const binades = fc.integer({ min: 0, max: 29 });
  const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(types, binades, seeds, (dtype, binade, seed) => {
      const { blockBytes } = DTYPES[dtype];
      let state = seed;
      const random = () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state >>> 8;
      };
      const bytes = Uint8Array.from({ length: 40 * blockBytes }, random);
      const view = new DataView(bytes.buffer);
      for (let block = 0; block < 40; block++) {
        for (const at of SCALES_AT[dtype]) {
          // Within two binades, of either sign.
          const code = (binade << 10) + (random() & 0x87ff);
          view.setUint16(block * blockBytes + at, code, true);
        }
      }

      const { codes, maxAbs } = castToF16(bytes, dtype);

      const plain = plainCastToF16(bytes, dtype);
      expect(codes).toEqual(plain.codes);
      expect(maxAbs).toBe(plain.maxAbs);
    }),
    { numRuns: 600 },
  );
});

test("finite values of every magnitude round as the plain twin rounds them", () => {
  const inRange = fc.float({ noNaN: true, noDefaultInfinity: true, min: -70_000, max: 70_000 });
  fc.assert(
    fc.property(fc.float32Array({ minLength: 1, maxLength: 40 }), fc.array(inRange), (any, usual) => {
      const values = Float32Array.from([...any, ...usual]).filter((value) => Number.isFinite(value));
      expect(toF16(values)).toEqual(plainCastToF16(new Uint8Array(values.buffer), "F32").codes);
    }),
    { numRuns: 1500 },
  );
});

test.each(["F16", "BF16"] as const)("all 65,536 codes of %s give what the plain twin gives", (dtype) => {
  const codes = Uint16Array.from({ length: 65536 }, (_, code) => code);
  // Small pieces, since one NaN sends its whole piece to the twin.
  for (let at = 0; at < codes.length; at += 64) {
    const bytes = new Uint8Array(codes.buffer, 2 * at, 128);
    expect(castToF16(bytes, dtype).codes).toEqual(plainCastToF16(bytes, dtype).codes);
  }
});

test.runIf("Float16Array" in globalThis)("the platform's Float16Array agrees on values F16 can hold", () => {
  const finite = fc.float({ noNaN: true, min: -65504, max: 65504 });
  fc.assert(
    fc.property(fc.array(finite, { minLength: 1, maxLength: 64 }), (list) => {
      const values = Float32Array.from(list);
      expect(toF16(values)).toEqual(new Uint16Array(new Float16Array(values).buffer));
    }),
    { numRuns: 1000 },
  );
});
