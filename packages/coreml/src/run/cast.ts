import type { Kernel } from "./kernel.ts";
import { type Data, invalid } from "./value.ts";

/** Narrow integers wrap around, as those of C do. */
const INTEGERS: Readonly<Record<string, (value: number) => number>> = {
  int32: (value) => value | 0,
  int16: (value) => (value << 16) >> 16,
  uint16: (value) => value & 0xffff,
  int8: (value) => (value << 24) >> 24,
  uint8: (value) => value & 0xff,
};

/** Numbers in another type: floats lose what follows the point, booleans are 0 and 1. */
export const cast: Kernel = (p) => {
  const { shape, data } = p.tensor("x");
  const dtype = p.text("dtype", "");
  if (dtype === "fp16" || dtype === "fp32") {
    const out = p.newFloats(data.length);
    out.set(data);
    return { shape, data: out };
  }
  if (dtype === "bool") return { shape, data: Uint8Array.from(data, (value) => Number(value !== 0)) };
  const narrow = Object.hasOwn(INTEGERS, dtype) ? INTEGERS[dtype] : undefined;
  if (narrow === undefined) throw invalid(`cast to ${dtype}`);
  const out: Data = new Int32Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = narrow(Math.trunc(data[i]!));
  return { shape, data: out };
};
