import { plainCastToF16, plainCastToF32 } from "../../src/plain/cast.ts";
import type { WeightFile } from "./weight-file.ts";

/** A weight as F32 by the plain twins, whole and step by step: what the streamed result must equal. */
export function plainWeight({ expr, bytes }: WeightFile): Float32Array {
  const { source, ops } = expr;
  if (source.dtype === "I32") throw new Error("not a weight");
  let values = plainCastToF32(bytes, source.dtype as "F32");
  const cols = source.shape.slice(1).reduce((product, size) => product * size, 1);
  for (const op of ops) {
    if (op.kind === "sliceRows") values = values.slice(op.begin * cols, op.end * cols);
    else if (op.kind === "permuteRope") values = rotaryHalves(values, op.heads, cols);
    else values = values.map((value) => (op.kind === "addOne" ? value + 1 : value * op.factor));
  }
  return values;
}

/** The codes `writeSegments` must write: rounded once from the source where there are no steps on values. */
export function plainCodes(file: WeightFile): Uint8Array {
  const values = plainWeight(file);
  return new Uint8Array(plainCastToF16(new Uint8Array(values.buffer), "F32").codes.buffer);
}

/** [heads, pairs, 2, cols] → [heads, 2, pairs, cols]. */
function rotaryHalves(values: Float32Array, heads: number, cols: number): Float32Array<ArrayBuffer> {
  const pairs = values.length / heads / 2 / cols;
  const result = new Float32Array(values.length);
  for (let head = 0; head < heads; head++) {
    for (let pair = 0; pair < pairs; pair++) {
      for (let half = 0; half < 2; half++) {
        const from = ((head * pairs + pair) * 2 + half) * cols;
        result.set(values.subarray(from, from + cols), ((head * 2 + half) * pairs + pair) * cols);
      }
    }
  }
  return result;
}
