import { expect, test } from "vitest";
import { bool, evaluate, expectOp, f32, flag, type Literal, noise } from "./build.ts";

/** Sums of some ten products in single precision. */
const SINGLE = 2e-6;
const invalid = { code: "COREML_PROGRAM_INVALID" };

const x = f32([2, 3], [1, 2, 3, 4, 5, 6]);

test("matmul multiplies, with either side transposed", async () => {
  const y = f32([3, 2], [1, 0, 2, 1, 0, 3]);
  const turned = f32([2, 3], [1, 2, 0, 0, 1, 3]);
  const wanted = f32([2, 2], [5, 11, 14, 23]);
  await expectOp("matmul", { x, y }, wanted);
  await expectOp("matmul", { x, y: turned, transpose_y: flag(true) }, wanted);
  const left = f32([3, 2], [1, 4, 2, 5, 3, 6]);
  await expectOp("matmul", { x: left, y, transpose_x: flag(true) }, wanted);
  await expectOp("matmul", { x: left, y: turned, transpose_x: flag(true), transpose_y: flag(true) }, wanted);
});

test("matmul broadcasts batches, also of different ranks", async () => {
  const batch = f32([2, 1, 1, 2], [1, 2, 3, 4]);
  const y = f32([2, 2, 1], [1, 1, 10, 100]);
  await expectOp("matmul", { x: batch, y }, f32([2, 2, 1, 1], [3, 210, 7, 430]));
});

test.each([
  ["inner sizes that differ", f32([2, 2], noise(4))],
  ["batches that do not broadcast", f32([3, 3, 2], noise(18))],
])("matmul of %s is refused", async (_, y) => {
  const given = { x: f32([2, 2, 3], noise(12)), y };
  await expect(evaluate("matmul", given, [["FLOAT32", [2, 2, 2]]])).rejects.toMatchObject(invalid);
});

interface Case {
  readonly heads: number;
  readonly rows: number;
  readonly keys: number;
}

const [WIDTH, OUT] = [6, 5];

function operands({ heads, rows, keys }: Case) {
  return {
    query: f32([1, heads, rows, WIDTH], noise(heads * rows * WIDTH, 1)),
    key: f32([1, heads, keys, WIDTH], noise(heads * keys * WIDTH, 2)),
    value: f32([1, heads, keys, OUT], noise(heads * keys * OUT, 3)),
  };
}

/** softmax(q·kᵀ / sqrt(E) + mask)·v in double precision; a row with nothing to see is zero. */
function expected(shape: Case, mask: (head: number, row: number, key: number) => number): Literal {
  const { heads, rows, keys } = shape;
  const { query, key, value } = operands(shape);
  const [q, k, v] = [query.values, key.values, value.values] as [number[], number[], number[]];
  const out: number[] = [];
  for (let head = 0; head < heads; head++) {
    for (let row = 0; row < rows; row++) {
      const scores = Array.from({ length: keys }, (_, at) => {
        let dot = 0;
        for (let i = 0; i < WIDTH; i++)
          dot += q[(head * rows + row) * WIDTH + i]! * k[(head * keys + at) * WIDTH + i]!;
        return dot / Math.sqrt(WIDTH) + mask(head, row, at);
      });
      const largest = Math.max(...scores);
      const weights = scores.map((score) => (largest === -Infinity ? 0 : Math.exp(score - largest)));
      const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
      for (let i = 0; i < OUT; i++)
        out.push(
          weights.reduce((sum, weight, at) => sum + weight * v[(head * keys + at) * OUT + i]!, 0) / total,
        );
    }
  }
  return f32([1, heads, rows, OUT], out);
}

const attend = (shape: Case, mask: Literal | undefined, wanted: Literal) =>
  expectOp(
    "scaled_dot_product_attention",
    { ...operands(shape), ...(mask ? { attn_mask: mask } : {}) },
    wanted,
    SINGLE,
  );

const SHAPE = { heads: 2, rows: 3, keys: 7 };

test("attention without a mask sees all keys", async () => {
  await attend(
    SHAPE,
    undefined,
    expected(SHAPE, () => 0),
  );
});

test("an additive mask of a row for each query", async () => {
  const values = noise(21, 9).map((value) => 4 * value);
  await attend(
    SHAPE,
    f32([1, 1, 3, 7], values),
    expected(SHAPE, (_, row, key) => values[row * 7 + key]!),
  );
});

test("a causal mask of −10,000 hides the future", async () => {
  const causal = (row: number, key: number) => (key <= row + 2 ? 0 : -1e4);
  const mask = f32(
    [3, 7],
    Array.from({ length: 21 }, (_, i) => causal(Math.floor(i / 7), i % 7)),
  );
  await attend(
    SHAPE,
    mask,
    expected(SHAPE, (_, row, key) => causal(row, key)),
  );
});

test("hidden keys on both sides and in the middle have no weight", async () => {
  const row = [-1e4, -1e4, 0, -1e4, 0, -1e4, -1e4];
  await attend(
    SHAPE,
    f32([1, 1, 1, 7], row),
    expected(SHAPE, (_, __, key) => row[key]!),
  );
});

test("a hidden key counts where every visible one scores lower than the mask hides", async () => {
  const given = {
    query: f32([1, 1, 1, 1], [1]),
    key: f32([1, 1, 3, 1], [-15_000, -20_000, 0]),
    value: f32([1, 1, 3, 1], [1, 2, 7]),
    attn_mask: f32([1, 1, 1, 3], [0, 0, -1e4]),
  };
  await expectOp("scaled_dot_product_attention", given, f32([1, 1, 1, 1], [7]), SINGLE);
  const farther = { ...given, attn_mask: f32([1, 1, 1, 3], [0, 0, -4e4]) };
  await expectOp("scaled_dot_product_attention", farther, f32([1, 1, 1, 1], [1]), SINGLE);
});

test("a boolean mask shows what is true, each head its own", async () => {
  const seen = noise(42, 4).map((value) => Number(value > 0));
  await attend(
    SHAPE,
    bool([1, 2, 3, 7], seen),
    expected(SHAPE, (head, row, key) => (seen[(head * 3 + row) * 7 + key] ? 0 : -Infinity)),
  );
});

test("a row that hides all keys by a finite mask mixes them by their scores", async () => {
  const row = new Array<number>(7).fill(-1e4);
  // At −10,000 a single-precision score has steps of 2^-10, so weights are that far off.
  const wanted = expected(SHAPE, () => 0);
  const given = { ...operands(SHAPE), attn_mask: f32([1, 7], row) };
  await expectOp("scaled_dot_product_attention", given, wanted, 2e-3);
});

test.each([
  ["boolean", bool([1, 7], new Array<number>(7).fill(0))],
  ["infinite", f32([1, 7], new Array<number>(7).fill(Number.NEGATIVE_INFINITY))],
])("a row that hides all keys by a %s mask is zero", async (_, mask) => {
  await attend(SHAPE, mask, f32([1, 2, 3, 5], new Array<number>(30).fill(0)));
});

test("a mask with one column, and one that is a vector, serve all rows", async () => {
  const rows = [1, -2, 0.5];
  await attend(
    SHAPE,
    f32([1, 1, 3, 1], rows),
    expected(SHAPE, () => 0),
  );
  const keys = noise(7, 6);
  await attend(
    SHAPE,
    f32([7], keys),
    expected(SHAPE, (_, __, key) => keys[key]!),
  );
});

test("query heads folded into rows equal repeated key heads", async () => {
  // Four query heads of two tokens share two key heads: rows are (group, token), the mask repeats for each group.
  const folded = { heads: 2, rows: 4, keys: 5 };
  const causal = (row: number, key: number) => (key <= (row % 2) + 1 ? 0 : -1e4);
  const mask = Array.from({ length: 20 }, (_, i) => causal(Math.floor(i / 5), i % 5));
  await attend(
    folded,
    f32([1, 1, 4, 5], mask),
    expected(folded, (_, row, key) => causal(row, key)),
  );
});

test.each<[string, Partial<Record<"query" | "key" | "value" | "attn_mask", Literal>>]>([
  ["keys of another width", { key: f32([1, 2, 7, 5], noise(70)) }],
  ["fewer values than keys", { value: f32([1, 2, 6, 5], noise(60)) }],
  ["fewer key heads", { key: f32([1, 1, 7, 6], noise(42)), value: f32([1, 1, 7, 5], noise(35)) }],
  ["a mask of other rows", { attn_mask: f32([2, 7], noise(14)) }],
  ["a mask of other keys", { attn_mask: f32([3, 6], noise(18)) }],
  ["a mask of other heads", { attn_mask: f32([1, 3, 3, 7], noise(63)) }],
])("attention with %s is refused", async (_, change) => {
  const given = { ...operands(SHAPE), ...change };
  const run = evaluate("scaled_dot_product_attention", given, [["FLOAT32", [1, 2, 3, 5]]]);
  await expect(run).rejects.toMatchObject(invalid);
});
