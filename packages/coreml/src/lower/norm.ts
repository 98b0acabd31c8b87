import type { NormSpec } from "@pippin/decoder";
import type { Ref } from "./builder.ts";
import type { Ops } from "./ops.ts";

/** The manifest's name for the form below. */
export const NORM_FORM = "rms-max-scaled";

/** Rows whose largest entry is smaller are scaled by this instead: keeps a row of zeros from dividing by zero. */
const FLOOR = 2 ** -10;

/**
 * Root-mean-square norm over the last axis, safe in fp16 in every intermediate.
 *
 * Residuals of real models reach tens of thousands, whose squares overflow fp16 from 256 on. The row is divided by
 * its largest magnitude m first, and epsilon by m²:
 *
 *     y = x / m;   w · x / sqrt(mean(x²) + ε)  =  w · y / sqrt(mean(y²) + ε / m²)
 *
 * ε / m² is the square of √ε / m, which stays in range: at most (√ε / FLOOR)².
 */
export function rmsNorm(ops: Ops, name: string, x: Ref, weight: Ref, norm: NormSpec): Ref {
  const largest = ops.reduceLast("max", `${name}_largest`, ops.abs(`${name}_abs`, x));
  const scale = ops.maximum(`${name}_scale`, largest, ops.half(FLOOR));
  const scaled = ops.div(`${name}_scaled`, x, scale);
  const mean = ops.reduceLast("mean", `${name}_mean`, ops.mul(`${name}_square`, scaled, scaled));
  const root = ops.div(`${name}_root_epsilon`, ops.half(Math.sqrt(norm.epsilon)), scale);
  const epsilon = ops.mul(`${name}_epsilon`, root, root);
  const inverse = ops.rsqrt(`${name}_inverse`, ops.add(`${name}_variance`, mean, epsilon));
  return ops.mul(name, ops.mul(`${name}_normed`, scaled, inverse), weight);
}
