import { constantFrom } from "../mil/constants.ts";
import type { CoremlPackage } from "../package/read-package.ts";
import { operationsOf } from "../package/weights.ts";
import type { Operation, Value } from "../proto/mil.ts";

/** An fp16 matrix that operations of a program take as their weight. */
export interface ProgramWeight {
  /** The name that the program gives it; the first one, when functions share it under several. */
  readonly name: string;
  readonly shape: readonly [rows: number, columns: number];
  /** Whether its rows are looked up: an embedding. */
  readonly gathered: boolean;
  readonly fileName: string;
  /** Of its record in the file. */
  readonly offset: number;
}

/** Where an operation takes a matrix whose rows are outputs: what a scale for each row suits. */
const ROWS_ARE_OUTPUTS: Readonly<Record<string, string>> = { linear: "weight", gather: "x" };

/**
 * The matrices of a program by the key of their blob, in the order of the program. A matrix that is also used otherwise, as a
 * factor of a matmul, say, is not among them, nor is a table whose rows no linear layer takes in, such as those of rope.
 */
export function programWeights(opened: CoremlPackage): Map<string, ProgramWeight> {
  const found = new Map<string, ProgramWeight>();
  const otherwise = new Set<string>();
  for (const fn of opened.program.functions.values()) {
    for (const { operations } of fn.block_specializations.values()) {
      const constants = matricesOf(operations);
      for (const operation of operations) {
        for (const [parameter, { arguments: given }] of operation.inputs) {
          for (const { name = "" } of given) {
            const matrix = constants.get(name);
            if (matrix === undefined) continue;
            const key = blobKey(matrix);
            if (ROWS_ARE_OUTPUTS[operation.type ?? ""] !== parameter) otherwise.add(key);
            const gathered = operation.type === "gather" || (found.get(key)?.gathered ?? false);
            found.set(key, { ...(found.get(key) ?? matrix), gathered });
          }
        }
      }
    }
  }
  const widths = new Set(
    [...found.values()].filter(({ gathered }) => !gathered).map(({ shape }) => shape[1]),
  );
  for (const [key, { gathered, shape }] of found) {
    if (otherwise.has(key) || (gathered && !widths.has(shape[1]))) found.delete(key);
  }
  return found;
}

/** Every value of a program that lies in a weight file: constants, and those bound to an operation. */
export function* blobValues(opened: CoremlPackage): Generator<Value> {
  for (const operation of operationsOf(opened)) {
    for (const value of valuesOf(operation)) if (value.blobFileValue !== undefined) yield value;
  }
}

function* valuesOf({ inputs, attributes }: Operation): Generator<Value> {
  yield* attributes.values();
  for (const { arguments: given } of inputs.values()) {
    for (const { value } of given) if (value !== undefined) yield value;
  }
}

export function blobKey({
  fileName = "",
  offset = 0,
}: {
  readonly fileName?: string;
  readonly offset?: number;
}): string {
  return `${offset} ${fileName}`;
}

/** Key of the blob that a constant takes its value from. */
export function constBlobKey(operation: Operation): string | undefined {
  const blob = operation.type === "const" ? operation.attributes.get("val")?.blobFileValue : undefined;
  return blob && blobKey(blob);
}

function matricesOf(operations: readonly Operation[]): Map<string, ProgramWeight> {
  const matrices = new Map<string, ProgramWeight>();
  for (const operation of operations) {
    if (constBlobKey(operation) === undefined) continue;
    const name = operation.outputs[0]?.name ?? "";
    const { type, content } = constantFrom(operation);
    const [rows, columns] = type.shape;
    const isMatrix = type.dtype === "FLOAT16" && type.shape.length === 2 && rows && columns;
    if (!isMatrix || content.kind !== "blob") continue;
    const { fileName, offset } = content;
    matrices.set(name, { name, shape: [rows, columns], gathered: false, fileName, offset });
  }
  return matrices;
}
