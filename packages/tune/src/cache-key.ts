import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import type { Decoder } from "@pippin/decoder";
import { isPackedSource } from "@pippin/kernels";

/**
 * A name for everything that decides a result: the model and what else is given. Files count by size and time, since
 * reading them takes too long.
 *
 * @returns sha256 in hex.
 */
export async function cacheKey({ spec, weights }: Decoder, rest: readonly unknown[]): Promise<string> {
  const exprs = weights.roles.map((role) => weights.expr(role));
  const files = new Map<string, readonly number[]>();
  for (const { source } of exprs) {
    const { file } = isPackedSource(source) ? source.codes : source;
    if (files.has(file)) continue;
    const { size, mtimeMs } = await stat(file);
    files.set(file, [size, mtimeMs]);
  }
  return createHash("sha256")
    .update(JSON.stringify([spec, exprs, [...files], rest]))
    .digest("hex");
}
