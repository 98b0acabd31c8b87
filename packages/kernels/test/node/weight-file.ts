import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { byteLengthOf, type Dtype, elementCount } from "../../src/dtype.ts";
import type { TensorSource, WeightExpr, WeightOp } from "../../src/weight-expr.ts";

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pippin-kernels-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Repeatable numbers in [0, 1). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Bytes of a tensor with finite values: random, but for scales, which are small positive F16. */
export function tensorBytes(dtype: Dtype, shape: readonly number[], seed = 1): Uint8Array<ArrayBuffer> {
  const random = randomFrom(seed);
  const bytes = new Uint8Array(byteLengthOf(dtype, elementCount(shape)));
  const view = new DataView(bytes.buffer);
  const headers: Partial<Record<Dtype, [block: number, scales: number]>> = {
    Q8_0: [34, 1],
    Q4_0: [18, 1],
    Q4_1: [20, 2],
  };
  const header = headers[dtype];
  if (header === undefined) {
    const step = byteLengthOf(dtype, 1);
    for (let at = 0; at < bytes.length; at += step) putFloat(view, at, dtype, random() * 0.2 - 0.1);
    return bytes;
  }
  for (let at = 0; at < bytes.length; at++) bytes[at] = random() * 256;
  for (let at = 0; at < bytes.length; at += header[0]) {
    for (let scale = 0; scale < header[1]; scale++)
      view.setUint16(at + 2 * scale, 0x1800 + random() * 1024, true);
  }
  return bytes;
}

function putFloat(view: DataView, at: number, dtype: Dtype, value: number): void {
  if (dtype === "F64") view.setFloat64(at, value, true);
  else if (dtype === "F32") view.setFloat32(at, value, true);
  // 16-bit codes of values below one, subnormal F16 among them.
  else view.setUint16(at, codeOf(dtype, Math.abs(value)) | (value < 0 ? 0x8000 : 0), true);
}

function codeOf(dtype: Dtype, fraction: number): number {
  return dtype === "BF16" ? 0x3700 + Math.floor(fraction * 0x5000) : Math.floor(fraction * 0x25800);
}

export interface WeightFile {
  readonly expr: WeightExpr<TensorSource>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Writes a tensor behind some other bytes of a file. */
export function weightFile(
  dtype: Dtype,
  shape: readonly number[],
  over: { ops?: readonly WeightOp[]; result?: readonly number[]; bytes?: Uint8Array<ArrayBuffer> } = {},
): WeightFile {
  const file = join(temporaryFolder(), "weights.bin");
  const bytes = over.bytes ?? tensorBytes(dtype, shape);
  const byteOffset = 37;
  writeFileSync(file, Buffer.concat([Buffer.alloc(byteOffset, 0xff), bytes, Buffer.alloc(11, 0xff)]));
  const source: TensorSource = { file, byteOffset, byteLength: bytes.byteLength, dtype, shape };
  return { expr: { source, ops: over.ops ?? [], shape: over.result ?? shape }, bytes };
}
