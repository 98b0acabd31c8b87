import { type StageContext, throwIfCancelled } from "@pippin/core";
import { isPackedSource, type WeightExpr } from "@pippin/kernels";
import { readWeight } from "@pippin/kernels/node";
import { coremlError } from "../errors.ts";
import { type Constant, constantFrom, isConstant } from "../mil/constants.ts";
import { countOf } from "../mil/types.ts";
import type { Operation } from "../proto/mil.ts";
import { roundToHalf } from "../run/round.ts";
import { readBlobRecord } from "./blob-file.ts";
import { compressedSource } from "./compressed.ts";
import type { CoremlPackage } from "./read-package.ts";

/** All operations of a package's functions; blocks nest nowhere in decoder programs. */
export function* operationsOf(opened: CoremlPackage): Generator<Operation> {
  for (const fn of opened.program.functions.values()) {
    for (const block of fn.block_specializations.values()) yield* block.operations;
  }
}

/**
 * A weight by its role, as the package holds it, in F32.
 *
 * @throws PippinError `COREML_ROLE_UNKNOWN`, `COREML_WEIGHTS_INVALID`, `COREML_OP_UNSUPPORTED`.
 */
export async function readNamedWeight(
  packages: readonly CoremlPackage[],
  role: string,
  context: StageContext = {},
): Promise<{ shape: readonly number[]; data: Float32Array }> {
  throwIfCancelled(context.signal);
  const name = role.replaceAll(".", "_");
  for (const opened of packages) {
    for (const operation of operationsOf(opened)) {
      if (!isConstant(operation.type) || operation.outputs[0]?.name !== name) continue;
      const constant = constantFrom(operation);
      const expr = await weightExpr(opened, constant, name);
      if (expr !== undefined) return { shape: expr.shape, data: await readDense(expr, constant) };
    }
  }
  throw coremlError("COREML_ROLE_UNKNOWN", {
    message: `the package has no weight of the role "${role}"`,
    hint: "pippin inspect lists the weights of a package.",
    details: { role },
  });
}

/** A weight in F32, with the values that its declared type can hold: decoding gives more digits than fp16 has. */
export async function readDense(expr: WeightExpr, { type }: Constant): Promise<Float32Array<ArrayBuffer>> {
  const values = await readWeight(expr);
  if (type.dtype === "FLOAT16" && isPackedSource(expr.source)) roundToHalf(values);
  return values;
}

/**
 * Where a float constant of the weight file lies, or `undefined` for other constants.
 *
 * @throws PippinError `COREML_WEIGHTS_INVALID` when the record contradicts the program, `COREML_OP_UNSUPPORTED` for
 *   compressed forms that are not read.
 */
export async function weightExpr(
  opened: CoremlPackage,
  { type, content }: Constant,
  name: string,
): Promise<WeightExpr | undefined> {
  if (content.kind === "compressed") {
    const source = await compressedSource(opened, content.operation);
    return { source, ops: [], shape: source.shape };
  }
  if (content.kind !== "blob") return undefined;
  const record = await readBlobRecord(await opened.weights(content.fileName), content.offset);
  const dtype = record.dtype === "FLOAT16" ? "F16" : record.dtype === "FLOAT32" ? "F32" : undefined;
  if (dtype === undefined) return undefined;
  const shape = type.shape.map((size) => size ?? 0);
  const byteLength = countOf(type.shape, name) * (dtype === "F16" ? 2 : 4);
  if (byteLength !== record.byteLength || record.dtype !== type.dtype) {
    throw coremlError("COREML_WEIGHTS_INVALID", {
      message: `the blob of ${name} has ${record.byteLength} bytes of ${record.dtype}, the program says ${byteLength} of ${type.dtype}`,
      hint: "The package is damaged: convert it again.",
    });
  }
  const file = opened.weightPath(content.fileName);
  return { source: { file, byteOffset: record.byteOffset, byteLength, dtype, shape }, ops: [], shape };
}
