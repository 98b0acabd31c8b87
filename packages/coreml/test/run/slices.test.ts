import { expect, test } from "vitest";
import { evaluate, expectOp, f32, flags, type Given, ints } from "./build.ts";

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const invalid = { code: "COREML_PROGRAM_INVALID" };

/** Rows 0 … 3 of three columns: x[r][c] = 3r + c. */
const x = f32([4, 3], upTo(12));

test.each<[string, Given, number[], number[]]>([
  ["rows in one stretch", { begin: ints(1, 0), end: ints(3, 3) }, [2, 3], [3, 4, 5, 6, 7, 8]],
  ["a column", { begin: ints(0, 1), end: ints(4, 2) }, [4, 1], [1, 4, 7, 10]],
  ["places from the end", { begin: ints(-2, -2), end: ints(-1, 3) }, [1, 2], [7, 8]],
  ["an end past the tensor", { begin: ints(3, 0), end: ints(9, 9) }, [1, 3], [9, 10, 11]],
  ["nothing", { begin: ints(2, 0), end: ints(2, 3) }, [0, 3], []],
  [
    "every second row and column",
    { begin: ints(0, 0), end: ints(4, 3), stride: ints(2, 2) },
    [2, 2],
    [0, 2, 6, 8],
  ],
  [
    "open ends",
    { begin: ints(9, 1), end: ints(2, -9), begin_mask: flags(1, 0), end_mask: flags(0, 1) },
    [2, 2],
    [1, 2, 4, 5],
  ],
  [
    "one row, without its axis",
    { begin: ints(-1, 0), end: ints(0, 2), squeeze_mask: flags(1, 0) },
    [2],
    [9, 10],
  ],
  [
    "one element, as a scalar",
    { begin: ints(2, 1), end: ints(0, 0), stride: ints(5, -1), squeeze_mask: flags(1, 1) },
    [],
    [7],
  ],
])("slice_by_index takes %s", async (_, given, shape, wanted) => {
  await expectOp("slice_by_index", { x, ...given }, f32(shape, wanted));
});

test("a single index outside of the axis is refused", async () => {
  const given = { x, begin: ints(4, 0), end: ints(5, 3), squeeze_mask: flags(1, 0) };
  await expect(evaluate("slice_by_index", given, [["FLOAT32", [3]]])).rejects.toMatchObject(invalid);
});

test("a negative stride is not executed", async () => {
  const given = { x, begin: ints(3, 0), end: ints(0, 3), stride: ints(-1, 1) };
  await expect(evaluate("slice_by_index", given, [["FLOAT32", [3, 3]]])).rejects.toMatchObject({
    code: "COREML_OP_UNSUPPORTED",
    message: expect.stringContaining("negative stride"),
  });
});

test("slice_by_size takes −1 as all that is left", async () => {
  await expectOp("slice_by_size", { x, begin: ints(1, 1), size: ints(2, -1) }, f32([2, 2], [4, 5, 7, 8]));
  const run = evaluate("slice_by_size", { x, begin: ints(3, 0), size: ints(2, 3) }, [["FLOAT32", [2, 3]]]);
  await expect(run).rejects.toMatchObject(invalid);
});

test.each<[string, Given, number[]]>([
  [
    "a row",
    { update: f32([1, 3], [-1, -2, -3]), begin: ints(1, 0), end: ints(2, 3) },
    [0, 1, 2, -1, -2, -3, 6, 7, 8, 9, 10, 11],
  ],
  [
    "a block",
    { update: f32([2, 1], [-1, -2]), begin: ints(2, 1), end: ints(4, 2) },
    [0, 1, 2, 3, 4, 5, 6, -1, 8, 9, -2, 11],
  ],
  [
    "strided places",
    { update: f32([2, 2], [-1, -2, -3, -4]), begin: ints(0, 0), end: ints(4, 3), stride: ints(2, 2) },
    [-1, 1, -2, 3, 4, 5, -3, 7, -4, 9, 10, 11],
  ],
  [
    "a squeezed row",
    { update: f32([3], [-1, -2, -3]), begin: ints(3, 0), end: ints(0, 3), squeeze_mask: flags(1, 0) },
    [0, 1, 2, 3, 4, 5, 6, 7, 8, -1, -2, -3],
  ],
  [
    "everything",
    {
      update: f32([4, 3], upTo(12).reverse()),
      begin: ints(0, 0),
      end: ints(0, 0),
      begin_mask: flags(1, 1),
      end_mask: flags(1, 1),
    },
    upTo(12).reverse(),
  ],
])("slice_update replaces %s in a copy", async (_, given, wanted) => {
  await expectOp("slice_update", { x, ...given }, f32([4, 3], wanted));
});

test("an update of another shape than the slice is refused with both", async () => {
  const given = { x, update: f32([1, 2], [1, 2]), begin: ints(0, 0), end: ints(1, 3) };
  await expect(evaluate("slice_update", given, [["FLOAT32", [4, 3]]])).rejects.toMatchObject({
    ...invalid,
    message: expect.stringContaining("the slice is [1,3], the update [1,2]"),
  });
});
