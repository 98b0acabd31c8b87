import { expect, test } from "vitest";
import { evaluate, expectClose, expectOp, f32, flag, i32, int, ints } from "./build.ts";

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const invalid = { code: "COREML_PROGRAM_INVALID" };

test.each([
  ["a plain shape", [3, 2], [3, 2]],
  ["-1 for the rest", [-1, 2], [3, 2]],
  ["0 for the size that is there", [0, 3, 1], [2, 3, 1]],
])("reshape takes %s", async (_, shape, wanted) => {
  await expectOp("reshape", { x: f32([2, 3], upTo(6)), shape: ints(...shape) }, f32(wanted, upTo(6)));
});

test("a reshape to another number of elements is refused", async () => {
  const x = f32([2, 3], upTo(6));
  await expect(evaluate("reshape", { x, shape: ints(4, 2) }, [["FLOAT32", [4, 2]]])).rejects.toMatchObject(
    invalid,
  );
  await expect(
    evaluate("reshape", { x, shape: ints(-1, 4) }, [["FLOAT32", [null, 4]]]),
  ).rejects.toMatchObject(invalid);
});

test("expand_dims and squeeze count places in the longer shape, also from the end", async () => {
  const x = f32([2, 3], upTo(6));
  await expectOp("expand_dims", { x, axes: ints(0, -1) }, f32([1, 2, 3, 1], upTo(6)));
  await expectOp("squeeze", { x: f32([1, 6, 1], upTo(6)), axes: ints(-1) }, f32([1, 6], upTo(6)));
  await expectOp("squeeze", { x: f32([1, 6, 1], upTo(6)) }, f32([6], upTo(6)));
});

test("an axis of several entries is not squeezed", async () => {
  const run = evaluate("squeeze", { x: f32([2, 1], [1, 2]), axes: ints(0) }, [["FLOAT32", [1]]]);
  await expect(run).rejects.toMatchObject(invalid);
});

test("transpose puts axis perm[i] at place i", async () => {
  // x[a][b][c] = 6a + 3b + c, result[c][a][b].
  const wanted = [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11];
  await expectOp("transpose", { x: f32([2, 2, 3], upTo(12)), perm: ints(2, 0, 1) }, f32([3, 2, 2], wanted));
  await expectOp("transpose", { x: f32([2, 2, 3], upTo(12)), perm: ints(-1, 0, 1) }, f32([3, 2, 2], wanted));
  await expectOp("transpose", { x: i32([2, 3], upTo(6)), perm: ints(1, 0) }, i32([3, 2], [0, 3, 1, 4, 2, 5]));
});

test("a perm that names an axis twice is refused", async () => {
  const run = evaluate("transpose", { x: f32([2, 2], upTo(4)), perm: ints(0, 0) }, [["FLOAT32", [2, 2]]]);
  await expect(run).rejects.toMatchObject(invalid);
});

test("concat joins along first, middle and last axes", async () => {
  const [a, b] = [f32([1, 2], [1, 2]), f32([1, 2], [3, 4])];
  await expectOp("concat", { values: [a, b], axis: int(0) }, f32([2, 2], [1, 2, 3, 4]));
  await expectOp("concat", { values: [a, b], axis: int(-1) }, f32([1, 4], [1, 2, 3, 4]));
  const [c, d] = [f32([2, 1, 2], [1, 2, 3, 4]), f32([2, 2, 2], [5, 6, 7, 8, 9, 10, 11, 12])];
  const wanted = [1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12];
  await expectOp("concat", { values: [c, d], axis: int(1) }, f32([2, 3, 2], wanted));
});

test("concat builds shape vectors of scalars and vectors", async () => {
  const values = [int(1), ints(2, 3), int(4)];
  await expectOp("concat", { values, axis: int(0), interleave: flag(false) }, ints(1, 2, 3, 4));
});

test("concat of shapes that do not fit is refused, interleaving is not executed", async () => {
  const values = [f32([1, 2], [1, 2]), f32([1, 3], [3, 4, 5])];
  const axis = int(0);
  await expect(evaluate("concat", { values, axis }, [["FLOAT32", [2, 2]]])).rejects.toMatchObject(invalid);
  const same = [f32([1], [1]), f32([1], [2])];
  await expect(
    evaluate("concat", { values: same, axis, interleave: flag(true) }, [["FLOAT32", [2]]]),
  ).rejects.toMatchObject({ code: "COREML_OP_UNSUPPORTED" });
});

test("stack adds an axis", async () => {
  const values = [f32([2], [1, 2]), f32([2], [3, 4])];
  await expectOp("stack", { values, axis: int(0) }, f32([2, 2], [1, 2, 3, 4]));
  await expectOp("stack", { values, axis: int(-1) }, f32([2, 2], [1, 3, 2, 4]));
});

test("split cuts by sizes or into equal parts", async () => {
  const x = f32([2, 3], upTo(6));
  const [a, b] = await evaluate("split", { x, split_sizes: ints(1, 2), axis: int(-1) }, [
    ["FLOAT32", [2, 1]],
    ["FLOAT32", [2, 2]],
  ]);
  expectClose(a!, f32([2, 1], [0, 3]));
  expectClose(b!, f32([2, 2], [1, 2, 4, 5]));
  const [top, bottom] = await evaluate("split", { x, num_splits: int(2), axis: int(0) }, [
    ["FLOAT32", [1, 3]],
    ["FLOAT32", [1, 3]],
  ]);
  expectClose(top!, f32([1, 3], [0, 1, 2]));
  expectClose(bottom!, f32([1, 3], [3, 4, 5]));
});

test.each([
  ["sizes that do not add up", { split_sizes: ints(1, 1), axis: int(1) }],
  ["unequal parts", { num_splits: int(2), axis: int(1) }],
])("a split into %s is refused", async (_, given) => {
  const run = evaluate("split", { x: f32([1, 3], upTo(3)), ...given }, [
    ["FLOAT32", [1, null]],
    ["FLOAT32", [1, null]],
  ]);
  await expect(run).rejects.toMatchObject(invalid);
});

test("tile repeats along each axis", async () => {
  const x = f32([2, 2], [1, 2, 3, 4]);
  const wanted = [1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4];
  await expectOp("tile", { x, reps: ints(2, 2) }, f32([4, 4], wanted));
  await expectOp("tile", { x, reps: ints(1, 1) }, x);
});

test("gather takes entries along any axis, negative ones from the end", async () => {
  const x = f32([3, 2], upTo(6));
  await expectOp("gather", { x, indices: i32([2, 1], [2, -3]), axis: int(0) }, f32([2, 1, 2], [4, 5, 0, 1]));
  await expectOp("gather", { x, indices: ints(1), axis: int(-1) }, f32([3, 1], [1, 3, 5]));
  await expectOp("gather", { x, indices: int(1) }, f32([2], [2, 3]));
});

test("gather with batch axes takes from each batch its own", async () => {
  const x = f32([2, 3], [10, 11, 12, 20, 21, 22]);
  const given = { x, indices: i32([2, 2], [2, 0, 1, 1]), axis: int(1), batch_dims: int(1) };
  await expectOp("gather", given, f32([2, 2], [12, 10, 21, 21]));
});

test.each([3, -4])("gather of index %i out of three is refused by name", async (index) => {
  const run = evaluate("gather", { x: f32([3], upTo(3)), indices: ints(index) }, [["FLOAT32", [1]]]);
  await expect(run).rejects.toMatchObject({
    ...invalid,
    message: expect.stringContaining(`index ${index} is outside of 0 … 2`),
  });
});

test("shape gives the sizes", async () => {
  await expectOp("shape", { x: f32([2, 1, 3], upTo(6)) }, ints(2, 1, 3));
});
