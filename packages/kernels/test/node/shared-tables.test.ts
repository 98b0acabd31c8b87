import { expect, test } from "vitest";
import { placeSegments, type Segment } from "../../src/node/segments.ts";
import { SharedTables, sharedTableMemory } from "../../src/node/shared-tables.ts";
import { weightFile } from "./weight-file.ts";

const TABLE = {
  lut: Uint16Array.of(0xbc00, 0, 0, 0x3c00),
  squaredError: 1.5,
  maxError: 0.25,
  sumOfSquares: 9,
};
const unexpected = () => {
  throw new Error("fitted again");
};

/** Three matrices: one table, a table a row, one table. */
function placed() {
  const { expr } = weightFile("F32", [2, 8]);
  const encoding = { kind: "palette", bits: 2, granularity: "per_tensor" } as const;
  const grouped = { ...encoding, granularity: "per_grouped_channel", groupSize: 1 } as const;
  return placeSegments(
    [encoding, grouped, encoding].flatMap((each, index): Segment[] => [
      { kind: "encoded", id: `w${index}`, expr, encoding: each },
      { kind: "encodedPart", of: `w${index}`, part: "lut" },
    ]),
  );
}

test("a table that one thread has fitted is there for the others, as it was", () => {
  const segments = placed();
  const memory = sharedTableMemory(segments);
  const [first, second] = [new SharedTables(memory, segments), new SharedTables(memory, segments)];

  expect(first.get("w2", () => TABLE)).toBe(TABLE);
  expect(second.get("w2", unexpected)).toEqual(TABLE);
  expect(() => second.get("w0", unexpected)).toThrow("fitted again");
});

test("tables of groups are not shared", () => {
  const segments = placed();
  const tables = new SharedTables(sharedTableMemory(segments), segments);
  tables.get("w1", () => TABLE);

  expect(() => tables.get("w1", unexpected)).toThrow("fitted again");
});

test("after a failure the next one tries again", () => {
  const segments = placed();
  const tables = new SharedTables(sharedTableMemory(segments), segments);

  expect(() => tables.get("w0", unexpected)).toThrow("fitted again");
  expect(tables.get("w0", () => TABLE)).toBe(TABLE);
});
