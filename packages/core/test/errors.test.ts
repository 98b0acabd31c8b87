import { expect, test } from "vitest";
import { assertNever, isPippinError, PippinError, safeNumber } from "../src/errors.ts";

test("an error carries code, hint, details and cause", () => {
  const cause = new Error("deeper");
  const error = new PippinError("X_FAILED", {
    message: "it failed",
    hint: "try again",
    details: { at: 3 },
    cause,
  });
  expect(error).toMatchObject({
    name: "PippinError",
    code: "X_FAILED",
    message: "it failed",
    hint: "try again",
    details: { at: 3 },
    cause,
  });
  expect(error).toBeInstanceOf(Error);
});

test("an error without a cause has no cause property", () => {
  expect("cause" in new PippinError("X_FAILED", { message: "it failed" })).toBe(false);
});

test("errors of another copy of the package are recognized", async () => {
  const copy = (await import(`../src/errors.ts?copy=${"other"}`)) as typeof import("../src/errors.ts");
  const error = new copy.PippinError("X_FAILED", { message: "it failed" });
  expect(error).not.toBeInstanceOf(PippinError);
  expect(isPippinError(error)).toBe(true);
});

test.each([new Error("plain"), { code: "X_FAILED" }, "X_FAILED", null, undefined, 7])(
  "%s is not a PippinError",
  (value) => {
    expect(isPippinError(value)).toBe(false);
  },
);

test.each([
  [0n, 0],
  [42n, 42],
  [BigInt(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER],
])("%s is narrowed", (value, expected) => {
  expect(safeNumber(value, "a size")).toBe(expected);
});

test.each([-1n, BigInt(Number.MAX_SAFE_INTEGER) + 1n, 2n ** 64n - 1n])("%s is refused by name", (value) => {
  expect(() => safeNumber(value, "the header's size")).toThrow(
    expect.objectContaining({
      code: "CORE_UNSAFE_INTEGER",
      message: expect.stringContaining(`the header's size is ${value}`),
      details: { what: "the header's size", value: String(value) },
    }),
  );
});

test("assertNever names the stray value", () => {
  expect(() => assertNever({ kind: "conv" } as never)).toThrow('unexpected value: {"kind":"conv"}');
});
