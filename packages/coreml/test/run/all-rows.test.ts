import type { ManifestFunction } from "@pippin/core";
import { expect, test } from "vitest";
import { type MilType, milTypeOf, tensorType } from "../../src/mil/types.ts";
import type { MilFunction, Operation } from "../../src/proto/mil.ts";
import { withAllRows } from "../../src/run/all-rows.ts";

const OPSET = "CoreML8";
const value = (name: string, dtype: MilType["dtype"], shape: readonly number[]) => ({
  name,
  type: tensorType(dtype, shape),
});
const bound = (name: string) => ({ arguments: [{ name }] });

/** Indices are computed with, as coremltools does for those that count from the end; then rows are taken. */
const OPERATIONS: Operation[] = [
  {
    type: "add",
    inputs: new Map([
      ["x", bound("last_token")],
      ["y", bound("one")],
    ]),
    outputs: [value("wrapped", "INT32", [1])],
  },
  {
    type: "gather",
    inputs: new Map([
      ["x", bound("hidden")],
      ["indices", bound("wrapped")],
    ]),
    outputs: [value("logits", "FLOAT16", [1, 1, 8])],
  },
  {
    type: "silu",
    inputs: new Map([["x", bound("hidden")]]),
    outputs: [value("other", "FLOAT16", [1, 4, 8])],
  },
].map((operation) => ({ ...operation, blocks: [], attributes: new Map() }));

const FN: MilFunction = {
  inputs: [value("last_token", "INT32", [1]), value("hidden", "FLOAT16", [1, 4, 8])],
  opset: OPSET,
  block_specializations: new Map([
    [OPSET, { inputs: [], outputs: ["logits", "other"], operations: OPERATIONS, attributes: new Map() }],
  ]),
};
const MANIFEST = {
  name: "prefill",
  inputs: [{ name: "last_token", role: "lastToken", dtype: "I32", shape: [1] }],
} as unknown as ManifestFunction; // withAllRows reads the inputs only

test("indices and rows become free, what does not depend on them stays", () => {
  const all = withAllRows(FN, MANIFEST)!;
  const { operations } = all.block_specializations.get(OPSET)!;
  const outputs = operations.map(({ outputs: [output] }) => milTypeOf(output!.type, "").shape);
  expect(outputs).toEqual([[null], [1, null, 8], [1, 4, 8]]);
  expect(all.inputs.map(({ type }) => milTypeOf(type, "").shape)).toEqual([[null], [1, 4, 8]]);
});

test("a function without the role is left alone", () => {
  expect(withAllRows(FN, { ...MANIFEST, inputs: [] })).toBeUndefined();
});
