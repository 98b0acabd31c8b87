import { f16Value } from "@pippin/kernels";
import { type Constant, viewAs } from "../mil/constants.ts";
import { countOf, type MilType, packedBytes } from "../mil/types.ts";
import { readBlobRecord } from "../package/blob-file.ts";
import type { CoremlPackage } from "../package/read-package.ts";
import { readDense, weightExpr } from "../package/weights.ts";
import type { DataTypeName } from "../proto/mil.ts";
import { invalid, type RuntimeValue, sizeOf, type Tensor, unsupported } from "./value.ts";

const INTEGERS: ReadonlySet<DataTypeName> = new Set([
  "INT8",
  "UINT8",
  "INT16",
  "UINT16",
  "INT32",
  "UINT32",
  "INT64",
  "UINT64",
]);

/** Constants in memory; functions of a package share those of the weight file. */
export class ResidentConstants {
  readonly #opened: CoremlPackage;
  readonly #blobs = new Map<string, RuntimeValue>();

  constructor(opened: CoremlPackage) {
    this.#opened = opened;
  }

  async load(constant: Constant, name: string): Promise<RuntimeValue> {
    const { type, content } = constant;
    if (content.kind === "strings") return content.values[0] ?? "";
    const shape = type.shape.map((size) => size ?? 0);
    if (content.kind === "numbers") return { shape, data: runtimeData(content.values, type, name) };
    const place = content.kind === "blob" ? `${content.fileName}@${content.offset}` : "";
    const key = `${place} ${type.dtype} [${shape}]`;
    const known = place === "" ? undefined : this.#blobs.get(key);
    if (known !== undefined) return known;
    const expr = await weightExpr(this.#opened, constant, name);
    const data = expr ? await readDense(expr, constant) : await this.#readOther(constant, name);
    if (place !== "") this.#blobs.set(key, { shape, data });
    return { shape, data };
  }

  /** Integers and booleans of the weight file. */
  async #readOther({ type, content }: Constant, name: string): Promise<Tensor["data"]> {
    if (content.kind !== "blob") throw unsupported(`the constant ${name}`);
    const source = await this.#opened.weights(content.fileName);
    const record = await readBlobRecord(source, content.offset);
    const { dtype } = type;
    const bytesWanted = dtype === "STRING" ? -1 : packedBytes(dtype, countOf(type.shape, name));
    if (record.dtype !== dtype || record.byteLength !== bytesWanted)
      throw invalid(`the blob of ${name} is not what the program says`);
    const bytes = await source.read(record.byteOffset, record.byteLength);
    return runtimeData(viewAs(record.dtype, bytes.slice().buffer), type, name);
  }
}

/** Constants as kernels take them: fp16 codes become floats, all integers 32 bits. */
function runtimeData(values: ArrayLike<number>, { dtype, shape }: MilType, name: string): Tensor["data"] {
  const whole = values.length === sizeOf(shape.map((size) => size ?? 0));
  if (whole && dtype === "FLOAT16") return Float32Array.from(values, f16Value);
  if (whole && (dtype === "FLOAT32" || dtype === "FLOAT64")) return Float32Array.from(values);
  if (whole && dtype === "BOOL") return Uint8Array.from(values);
  if (whole && INTEGERS.has(dtype)) return Int32Array.from(values);
  throw unsupported(`the constant ${name} of ${dtype}`);
}
