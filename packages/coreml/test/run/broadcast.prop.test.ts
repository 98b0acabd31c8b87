import fc from "fast-check";
import { expect, test } from "vitest";
import { BINARY } from "../../src/run/binary.ts";
import { Frame } from "../../src/run/frame.ts";
import { sizeOf, type Tensor } from "../../src/run/value.ts";
import { evaluate, f32, noise } from "./build.ts";

function runBinary(type: string, x: Tensor, y: Tensor): Tensor {
  const frame = new Frame([x, y], { states: new Map(), signal: undefined });
  frame.enter({
    what: type,
    operands: new Map([
      ["x", [0]],
      ["y", [1]],
    ]),
  });
  // Binary operations have one result and never wait.
  return BINARY[type]!(frame) as Tensor;
}

/** The element at `index` of the result, in the operand's own coordinates. */
function at({ shape, data }: Tensor, index: readonly number[]): number {
  const own = index.slice(index.length - shape.length);
  return data[own.reduce((offset, i, axis) => offset * shape[axis]! + (shape[axis] === 1 ? 0 : i), 0)]!;
}

function naive(x: Tensor, y: Tensor, f: (a: number, b: number) => number): Tensor {
  const rank = Math.max(x.shape.length, y.shape.length);
  const padded = ({ shape }: Tensor) => [...new Array<number>(rank - shape.length).fill(1), ...shape];
  const shape = padded(x).map((size, axis) => (size === 1 ? padded(y)[axis]! : size));
  const data = Array.from({ length: sizeOf(shape) }, (_, flat) => {
    const index = shape.map((size, axis) => Math.floor(flat / sizeOf(shape.slice(axis + 1))) % size);
    return f(at(x, index), at(y, index));
  });
  return { shape, data: Float32Array.from(data) };
}

/** A result's shape, and for both operands which axes are 1 or missing. */
const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }).chain((shape) => {
  const side = fc
    .tuple(fc.nat(shape.length), fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }))
    .map(([missing, ones]) => shape.map((size, axis) => (ones[axis] ? 1 : size)).slice(missing));
  return fc.tuple(side, side);
});

const tensor = (shape: readonly number[], seed: number): Tensor => ({
  shape,
  data: Float32Array.from(noise(sizeOf(shape), seed), (value) => value + 2),
});

test.each<[string, (a: number, b: number) => number]>([
  ["add", (a, b) => a + b],
  ["sub", (a, b) => a - b],
  ["mul", (a, b) => a * b],
  ["real_div", (a, b) => a / b],
  ["maximum", Math.max],
  ["minimum", Math.min],
  ["pow", (a, b) => a ** b],
])("%s broadcasts as a naive loop over coordinates does", (type, f) => {
  fc.assert(
    fc.property(shapes, ([left, right]) => {
      const [x, y] = [tensor(left, 3), tensor(right, 5)];
      expect(runBinary(type, x, y)).toEqual(naive(x, y, f));
    }),
    { numRuns: 150 },
  );
});

test("shapes that do not broadcast are refused with both", async () => {
  const run = evaluate("add", { x: f32([2, 3], noise(6)), y: f32([2], noise(2)) }, [["FLOAT32", [2, 3]]]);
  await expect(run).rejects.toMatchObject({
    code: "COREML_PROGRAM_INVALID",
    message: expect.stringContaining("[2,3] and [2] do not broadcast"),
  });
});
