import { countOf, type MilType, type Shape, stateType, tensorType } from "../mil/types.ts";
import { BLOB_DATA_TYPE } from "../package/blob-file.ts";
import type { DataTypeName, MilFunction, Operation, Value } from "../proto/mil.ts";
import type { BlobPool } from "./blob-pool.ts";
import { constexprOf } from "./constexpr.ts";
import { ContentMap } from "./content-map.ts";
import { encodeFloat16 } from "./float16.ts";
import type { EncodedWeight } from "./stored-weight.ts";
import { blobValue, immediateValue, textValue } from "./values.ts";

/** A value of the program: its name, which is unique in the function, and its type. */
export interface Ref extends MilType {
  readonly name: string;
}

/** Operands by parameter name; a list where the operation takes a tuple. */
export type Operands = Readonly<Record<string, Ref | readonly Ref[]>>;

/** What a constant may be written from; booleans are 0 and 1. */
export type ConstantValues = ArrayLike<number> | string;

/** coremltools keeps shorter constants in the program itself, longer ones in the weight file. */
const MIN_BLOB_ELEMENTS = 10;

/**
 * Builds one MIL function, operation by operation, in order of execution.
 *
 * Equal constants are written once; weights are shared between functions through the blob pool.
 */
export class FunctionBuilder {
  readonly #operations: Operation[] = [];
  readonly #inputs: MilFunction["inputs"] = [];
  readonly #taken = new Set<string>();
  readonly #constants = new ContentMap<Ref>();
  readonly #weights = new Map<string, Ref>();
  readonly #opset: string;
  readonly #blobs: BlobPool;

  constructor(opset: string, blobs: BlobPool) {
    this.#opset = opset;
    this.#blobs = blobs;
  }

  input(name: string, dtype: DataTypeName, shape: Shape): Ref {
    this.#inputs.push({ name, type: tensorType(dtype, shape) });
    this.#taken.add(name);
    return { name, dtype, shape };
  }

  state(name: string, dtype: DataTypeName, shape: Shape): Ref {
    this.#inputs.push({ name, type: stateType(dtype, shape) });
    this.#taken.add(name);
    return { name, dtype, shape };
  }

  /** Appends an operation with one result. `name` is made unique by a number where it is taken. */
  op(type: string, name: string, operands: Operands, result: MilType): Ref {
    return this.ops(type, [name], operands, [result])[0]!;
  }

  /** Appends an operation with any number of results, also none. */
  ops(type: string, names: readonly string[], operands: Operands, results: readonly MilType[]): Ref[] {
    const outputs = results.map((result, index) => ({ ...result, name: this.#unique(names[index]!) }));
    const label = outputs[0]?.name ?? this.#unique(names[0]!);
    this.#operations.push({
      type,
      inputs: new Map(
        Object.entries(operands).map(([parameter, refs]) => [
          parameter,
          { arguments: (Array.isArray(refs) ? refs : [refs as Ref]).map((ref: Ref) => ({ name: ref.name })) },
        ]),
      ),
      outputs: outputs.map((output) => ({ name: output.name, type: tensorType(output.dtype, output.shape) })),
      blocks: [],
      attributes: new Map([["name", textValue(label)]]),
    });
    return outputs;
  }

  /** A constant; `shape` empty for a scalar. Equal ones are shared. */
  constant(name: string, dtype: DataTypeName, shape: Shape, values: ConstantValues): Ref {
    const type: MilType = { dtype, shape };
    const bytes = typeof values === "string" ? new TextEncoder().encode(values) : rawBytes(dtype, values);
    return this.#constants.getOrCreate(`${dtype}[${shape.join(",")}]`, bytes, () => {
      if (typeof values === "string") return this.#const(name, type, textValue(values));
      if (values.length !== countOf(shape, name)) {
        throw new TypeError(`${values.length} values for [${shape.join(", ")}]`);
      }
      if (dtype === "STRING" || values.length < MIN_BLOB_ELEMENTS || !this.#storable(dtype)) {
        return this.#const(name, type, immediateValue(dtype, shape, { values, bytes }));
      }
      return this.#const(
        name,
        type,
        blobValue({ ...type, recordOffset: this.#blobs.bytes(dtype, shape, bytes) }),
      );
    });
  }

  /**
   * A weight of the model, streamed into the weight file when the package is written. What uses it sees fp16, also where
   * it is stored as codes.
   */
  weight(role: string): Ref {
    const known = this.#weights.get(role);
    if (known !== undefined) return known;
    const stored = this.#blobs.weight(role);
    const name = role.replaceAll(".", "_");
    const type: MilType = { dtype: "FLOAT16", shape: stored.shape };
    const ref =
      stored.kind === "dense"
        ? this.#const(name, type, blobValue(stored.blob))
        : this.#encoded(name, type, stored);
    this.#weights.set(role, ref);
    return ref;
  }

  #encoded(name: string, type: MilType, stored: EncodedWeight): Ref {
    const { operation, ...given } = constexprOf(stored, this.#opset);
    return this.#constantOp(operation, { name, type }, given);
  }

  finish(outputs: readonly Ref[]): MilFunction {
    return {
      inputs: this.#inputs,
      opset: this.#opset,
      block_specializations: new Map([
        [
          this.#opset,
          { inputs: [], outputs: outputs.map((output) => output.name), operations: this.#operations },
        ],
      ]),
    };
  }

  #const(name: string, type: MilType, val: Value): Ref {
    return this.#constantOp("const", { name, type }, { attributes: [["val", val]] });
  }

  #constantOp(
    operation: string,
    { name, type }: { readonly name: string; readonly type: MilType },
    given: { readonly inputs?: Operation["inputs"]; readonly attributes?: readonly [string, Value][] },
  ): Ref {
    const ref: Ref = { ...type, name: this.#unique(name) };
    this.#operations.push({
      type: operation,
      inputs: given.inputs ?? new Map(),
      outputs: [{ name: ref.name, type: tensorType(type.dtype, type.shape) }],
      blocks: [],
      attributes: new Map([["name", textValue(ref.name)], ...(given.attributes ?? [])]),
    });
    return ref;
  }

  /** Before iOS 18 the weight file takes no 16- and 32-bit integers. */
  #storable(dtype: DataTypeName): boolean {
    if (dtype === "INT32") return this.#opset >= "CoreML8";
    return BLOB_DATA_TYPE[dtype] !== undefined;
  }

  #unique(name: string): string {
    let candidate = name;
    for (let count = 1; this.#taken.has(candidate); count++) candidate = `${name}_${count}`;
    this.#taken.add(candidate);
    return candidate;
  }
}

/** Little-endian bytes as the weight file holds them. */
function rawBytes(dtype: DataTypeName, values: ArrayLike<number>): Uint8Array {
  switch (dtype) {
    case "FLOAT16":
      return encodeFloat16(values);
    case "BOOL":
      return Uint8Array.from(values);
    case "INT32": {
      const view = new DataView(new ArrayBuffer(values.length * 4));
      for (let i = 0; i < values.length; i++) view.setInt32(i * 4, values[i]!, true);
      return new Uint8Array(view.buffer);
    }
    default:
      throw new TypeError(`constants of type ${dtype} are not written`);
  }
}
