import type { Dim, Shape } from "../mil/types.ts";
import type { DataTypeName } from "../proto/mil.ts";
import type { ConstantValues, FunctionBuilder, Ref } from "./builder.ts";

/**
 * The operations a decoder is made of, with their result types. Optional parameters that have a default are
 * written all the same, as coremltools does.
 */
export class Ops {
  readonly b: FunctionBuilder;

  constructor(builder: FunctionBuilder) {
    this.b = builder;
  }

  scalar(dtype: DataTypeName, value: number | boolean | string): Ref {
    const values: ConstantValues = typeof value === "string" ? value : [Number(value)];
    const text = String(value).replaceAll(/[^A-Za-z0-9]/g, "_");
    return this.b.constant(`${dtype.toLowerCase()}_${text}`, dtype, [], values);
  }

  half(value: number): Ref {
    return this.scalar("FLOAT16", value);
  }

  flag(value: boolean): Ref {
    return this.scalar("BOOL", value);
  }

  ints(values: readonly number[]): Ref {
    const name =
      values.length < 8 ? `ints_${values.join("_").replaceAll("-", "m")}` : `ints_${values.length}`;
    return this.b.constant(name, "INT32", [values.length], values);
  }

  #broadcast(type: string, name: string, x: Ref, y: Ref, dtype: DataTypeName): Ref {
    return this.b.op(type, name, { x, y }, { dtype, shape: broadcastShape(x.shape, y.shape) });
  }

  add(name: string, x: Ref, y: Ref): Ref {
    return this.#broadcast("add", name, x, y, x.dtype);
  }

  sub(name: string, x: Ref, y: Ref): Ref {
    return this.#broadcast("sub", name, x, y, x.dtype);
  }

  mul(name: string, x: Ref, y: Ref): Ref {
    return this.#broadcast("mul", name, x, y, x.dtype);
  }

  div(name: string, x: Ref, y: Ref): Ref {
    return this.#broadcast("real_div", name, x, y, x.dtype);
  }

  maximum(name: string, x: Ref, y: Ref): Ref {
    return this.#broadcast("maximum", name, x, y, x.dtype);
  }

  compare(type: "less" | "less_equal" | "greater" | "logical_and", name: string, x: Ref, y: Ref): Ref {
    return this.#broadcast(type, name, x, y, "BOOL");
  }

  abs(name: string, x: Ref): Ref {
    return this.b.op("abs", name, { x }, x);
  }

  activation(kind: "silu" | "gelu_tanh", name: string, x: Ref): Ref {
    if (kind === "silu") return this.b.op("silu", name, { x }, x);
    return this.b.op("gelu", name, { x, mode: this.scalar("STRING", "TANH_APPROXIMATION") }, x);
  }

  rsqrt(name: string, x: Ref): Ref {
    return this.b.op("rsqrt", name, { x, epsilon: this.half(0) }, x);
  }

  softmax(name: string, x: Ref): Ref {
    return this.b.op("softmax", name, { x, axis: this.scalar("INT32", -1) }, x);
  }

  /** Over the last axis, which stays with size 1. */
  reduceLast(kind: "mean" | "max", name: string, x: Ref): Ref {
    const operands = { x, axes: this.ints([-1]), keep_dims: this.flag(true) };
    return this.b.op(`reduce_${kind}`, name, operands, {
      dtype: x.dtype,
      shape: [...x.shape.slice(0, -1), 1],
    });
  }

  /** `x · weightᵀ + bias`; without a bias one of zeros is written, shared by all of the same size. */
  linear(name: string, x: Ref, weight: Ref, bias?: Ref): Ref {
    const outputs = weight.shape[0]!;
    const zeros = () =>
      this.b.constant(`zero_bias_${outputs}`, "FLOAT16", [outputs], new Float32Array(outputs));
    const shape = [...x.shape.slice(0, -1), outputs];
    return this.b.op("linear", name, { x, weight, bias: bias ?? zeros() }, { dtype: x.dtype, shape });
  }

  matmul(name: string, x: Ref, y: Ref, transposeY: boolean): Ref {
    const operands = { x, y, transpose_x: this.flag(false), transpose_y: this.flag(transposeY) };
    const columns = y.shape.at(transposeY ? -2 : -1)!;
    return this.b.op("matmul", name, operands, { dtype: x.dtype, shape: [...x.shape.slice(0, -1), columns] });
  }

  attention(name: string, query: Ref, key: Ref, value: Ref, mask: Ref): Ref {
    const shape = [...query.shape.slice(0, -1), value.shape.at(-1)!];
    const operands = { query, key, value, attn_mask: mask };
    return this.b.op("scaled_dot_product_attention", name, operands, { dtype: query.dtype, shape });
  }

  /** Rows of `x` along `axis`. The parameters of later systems are written from their opset on. */
  gather(name: string, x: Ref, indices: Ref, axis: number, opset: string): Ref {
    const operands: Record<string, Ref> = { x, indices, axis: this.scalar("INT32", axis) };
    operands.batch_dims = this.scalar("INT32", 0);
    if (opset >= "CoreML7") operands.validate_indices = this.flag(false);
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return this.b.op("gather", name, operands, { dtype: x.dtype, shape });
  }

  /** `shape` may hold one `null`, which becomes −1: the size that is only known at run time. */
  reshape(name: string, x: Ref, shape: Shape): Ref {
    const operands = { x, shape: this.ints(shape.map((size) => size ?? -1)) };
    return this.b.op("reshape", name, operands, { dtype: x.dtype, shape });
  }

  /** Adds axes of size 1 at these places of the result. */
  expandDims(name: string, x: Ref, axes: readonly number[]): Ref {
    const shape: Dim[] = [...x.shape];
    for (const axis of axes) shape.splice(axis, 0, 1);
    return this.b.op("expand_dims", name, { x, axes: this.ints(axes) }, { dtype: x.dtype, shape });
  }

  transpose(name: string, x: Ref, perm: readonly number[]): Ref {
    const shape = perm.map((axis) => x.shape[axis]!);
    return this.b.op("transpose", name, { x, perm: this.ints(perm) }, { dtype: x.dtype, shape });
  }

  concat(name: string, values: readonly Ref[], axis: number): Ref {
    const place = axis < 0 ? axis + values[0]!.shape.length : axis;
    const sizes = values.map((value) => value.shape[place]!);
    const total = sizes.reduce<Dim>((sum, size) => (sum === null || size === null ? null : sum + size), 0);
    const shape = resized(values[0]!.shape, place, total);
    const operands = { values, axis: this.scalar("INT32", axis), interleave: this.flag(false) };
    return this.b.op("concat", name, operands, { dtype: values[0]!.dtype, shape });
  }

  /** Parts of the last axis. */
  splitLast(name: string, x: Ref, sizes: readonly number[]): Ref[] {
    const operands = { x, split_sizes: this.ints(sizes), axis: this.scalar("INT32", -1) };
    const types = sizes.map((size) => ({
      dtype: x.dtype,
      shape: resized(x.shape, x.shape.length - 1, size),
    }));
    const names = sizes.map((_, index) => `${name}_${index}`);
    return this.b.ops("split", names, operands, types);
  }

  tile(name: string, x: Ref, reps: readonly number[]): Ref {
    const shape = x.shape.map((size, axis) => (size === null ? null : size * reps[axis]!));
    return this.b.op("tile", name, { x, reps: this.ints(reps) }, { dtype: x.dtype, shape });
  }

  /** `x[begin:end]`, sizes as `shape` says. Places may be computed. */
  slice(name: string, x: Ref, begin: Ref, end: Ref, shape: Shape): Ref {
    const operands = { x, begin, end, ...this.#sliceRest(x.shape.length) };
    return this.b.op("slice_by_index", name, operands, { dtype: x.dtype, shape });
  }

  sliceUpdate(name: string, x: Ref, update: Ref, begin: Ref, end: Ref): Ref {
    return this.b.op("slice_update", name, { x, update, begin, end, ...this.#sliceRest(x.shape.length) }, x);
  }

  #sliceRest(rank: number): Record<string, Ref> {
    const off = this.b.constant(`flags_${rank}`, "BOOL", [rank], new Array<number>(rank).fill(0));
    const stride = this.ints(new Array<number>(rank).fill(1));
    return { stride, begin_mask: off, end_mask: off, squeeze_mask: off };
  }

  /** The sizes of `x` as an int32 vector. */
  shapeOf(name: string, x: Ref): Ref {
    return this.b.op("shape", name, { x }, { dtype: "INT32", shape: [x.shape.length] });
  }

  cast(name: string, x: Ref, dtype: "bool" | "fp16" | "int32"): Ref {
    const target = { bool: "BOOL", fp16: "FLOAT16", int32: "INT32" } as const;
    const operands = { x, dtype: this.scalar("STRING", dtype) };
    return this.b.op("cast", name, operands, { dtype: target[dtype], shape: x.shape });
  }

  readState(name: string, state: Ref): Ref {
    return this.b.op("read_state", name, { input: state }, { dtype: state.dtype, shape: state.shape });
  }

  writeState(name: string, state: Ref, data: Ref): void {
    this.b.ops("write_state", [name], { input: state, data }, []);
  }
}

function resized(shape: Shape, axis: number, size: Dim): Shape {
  return shape.map((old, index) => (index === axis ? size : old));
}

/** numpy's rule; an unknown size meets 1 or the same unknown size. */
export function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, index) => {
    const x = a.length - rank + index < 0 ? 1 : a[a.length - rank + index]!;
    const y = b.length - rank + index < 0 ? 1 : b[b.length - rank + index]!;
    return x === 1 ? y : x;
  });
}
