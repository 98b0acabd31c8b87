import { expect, test } from "vitest";
import type { Dtype } from "../src/dtype.ts";
import { planExpr, runsOf } from "../src/expr-plan.ts";
import type { WeightExpr, WeightOp } from "../src/weight-expr.ts";

function expr(shape: number[], ops: WeightOp[], over: { dtype?: Dtype; result?: number[] } = {}): WeightExpr {
  const elements = shape.reduce((product, size) => product * size, 1);
  const source = { file: "w", byteOffset: 0, byteLength: 4 * elements, dtype: over.dtype ?? "F32", shape };
  return { source, ops, shape: over.result ?? shape };
}

test("a slice is one run of the source", () => {
  const plan = planExpr(expr([10, 4], [{ kind: "sliceRows", begin: 3, end: 8 }], { result: [5, 4] }), "w");

  expect([...runsOf(plan, 2, 9)]).toEqual([{ sourceElement: 14, count: 9 }]);
});

test("rotary rows come in halves of each head", () => {
  const plan = planExpr(expr([8, 1], [{ kind: "permuteRope", heads: 2 }]), "w");

  expect([...runsOf(plan, 0, 8)].map((run) => run.sourceElement)).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
});

test("runs of permuted rows begin and end within rows", () => {
  const plan = planExpr(expr([4, 4], [{ kind: "permuteRope", heads: 1 }]), "w");

  expect([...runsOf(plan, 3, 6)]).toEqual([
    { sourceElement: 3, count: 1 },
    { sourceElement: 8, count: 4 },
    { sourceElement: 4, count: 1 },
  ]);
});

test("steps apply in order: heads are counted in the sliced rows", () => {
  const ops: WeightOp[] = [
    { kind: "sliceRows", begin: 4, end: 8 },
    { kind: "permuteRope", heads: 1 },
  ];
  const plan = planExpr(expr([8, 1], ops, { result: [4, 1] }), "w");

  expect([...runsOf(plan, 0, 4)].map((run) => run.sourceElement)).toEqual([4, 6, 5, 7]);
});

test.each([
  ["a slice past the end", expr([4, 2], [{ kind: "sliceRows", begin: 2, end: 5 }], { result: [3, 2] })],
  ["heads that do not divide the rows", expr([6, 2], [{ kind: "permuteRope", heads: 4 }])],
  ["a shape that the steps do not give", expr([4, 2], [], { result: [2, 4] })],
  ["a source whose bytes are not its shape", expr([4, 2], [], { dtype: "F16" })],
])("%s is refused", (_, invalid) => {
  expect(() => planExpr(invalid, "w")).toThrow(expect.objectContaining({ code: "KERNELS_EXPR_INVALID" }));
});

test("integers are no weights", () => {
  expect(() => planExpr(expr([4, 2], [], { dtype: "I32" }), "layer.0")).toThrow(
    expect.objectContaining({
      code: "KERNELS_DTYPE_UNSUPPORTED",
      message: expect.stringContaining("layer.0"),
    }),
  );
});
