import { type RopeSpec, ropeTables } from "@pippin/decoder";
import type { Ref } from "./builder.ts";
import type { Ops } from "./ops.ts";

/** Cosine and signed sine of the positions of a call, each `[1, 1, S, rotaryDim]`. */
export interface RopeFactors {
  readonly cos: Ref;
  readonly sin: Ref;
}

/** Full-width tables: both halves of a head turn by the same angles, the first half with the sign of −sin. */
function wideTables(rope: RopeSpec, positions: number): { cos: Float32Array; sin: Float32Array } {
  const { cos, sin } = ropeTables(rope, positions);
  const half = rope.rotaryDim / 2;
  const wide = { cos: new Float32Array(2 * cos.length), sin: new Float32Array(2 * sin.length) };
  for (let position = 0; position < positions; position++) {
    for (let j = 0; j < half; j++) {
      const from = position * half + j;
      const to = position * rope.rotaryDim + j;
      wide.cos[to] = wide.cos[to + half] = cos[from]!;
      wide.sin[to] = -sin[from]!;
      wide.sin[to + half] = sin[from]!;
    }
  }
  return wide;
}

/** Looks the positions (`[S]` int32) up in tables for the whole context. */
export function ropeFactors(
  ops: Ops,
  rope: RopeSpec,
  context: number,
  positions: Ref,
  opset: string,
): RopeFactors {
  const tables = wideTables(rope, context);
  const lookup = (name: "cos" | "sin") => {
    const table = ops.b.constant(`rope_${name}_table`, "FLOAT16", [context, rope.rotaryDim], tables[name]);
    const rows = ops.gather(`rope_${name}_rows`, table, positions, 0, opset);
    return ops.expandDims(`rope_${name}`, rows, [0, 1]);
  };
  return { cos: lookup("cos"), sin: lookup("sin") };
}

/** Rotates the first `rotaryDim` entries of each head of `x` `[1, heads, S, headDim]`; the rest passes. */
export function applyRope(ops: Ops, name: string, x: Ref, rope: RopeSpec, factors: RopeFactors): Ref {
  const headDim = x.shape.at(-1)!;
  const half = rope.rotaryDim / 2;
  const rest = headDim - rope.rotaryDim;
  const parts = ops.splitLast(`${name}_part`, x, rest > 0 ? [half, half, rest] : [half, half]);
  const [first, second, passed] = parts as [Ref, Ref, Ref?];
  const swapped = ops.concat(`${name}_swapped`, [second, first], -1);
  const turning = passed ? ops.concat(`${name}_turning`, [first, second], -1) : x;
  const turned = ops.add(
    `${name}_turned`,
    ops.mul(`${name}_cos`, turning, factors.cos),
    ops.mul(`${name}_sin`, swapped, factors.sin),
  );
  return passed ? ops.concat(`${name}_rotated`, [turned, passed], -1) : turned;
}
