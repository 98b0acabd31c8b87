import { expect, test } from "vitest";
import { Encoding } from "../src/encoding.ts";

test("the mode is symmetric unless said otherwise", () => {
  expect(Encoding.parse({ kind: "linear", dtype: "int8", granularity: "per_channel" })).toEqual({
    kind: "linear",
    dtype: "int8",
    mode: "symmetric",
    granularity: "per_channel",
  });
});

test.each([
  { kind: "linear", dtype: "int3", granularity: "per_channel" },
  { kind: "linear", dtype: "int4", granularity: "per_block", blockSize: 0 },
  { kind: "linear", dtype: "int4", granularity: "per_block" },
  { kind: "linear", dtype: "int4", granularity: "per_channel", blockSize: 32 },
  { kind: "mlc", mode: "q5f16_1" },
])("%j is no encoding", (encoding) => {
  expect(Encoding.safeParse(encoding).success).toBe(false);
});
