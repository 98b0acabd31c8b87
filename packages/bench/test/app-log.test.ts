import { expect, test } from "vitest";
import { AppLogRecord, collectAppLog, SAMPLE_METRICS } from "../src/index.ts";
import { DOCUMENT, EXAMPLE } from "./example.ts";

test("the document's example is a log without warnings", async () => {
  const { records, warnings } = await collectAppLog(EXAMPLE);
  expect(warnings).toEqual([]);
  expect(records).toHaveLength(EXAMPLE.trim().split("\n").length);
  expect(new Set(records.map(({ record }) => record.kind)).size).toBe(AppLogRecord.options.length);
});

test("the document's tables name each key and metric, and no other", () => {
  const rows = DOCUMENT.split("\n").filter((row) => row.startsWith("| "));
  const documented = rows.flatMap((row) => {
    const [, kind, keys] = row.split("|").map((cell) => cell.trim());
    if (!AppLogRecord.options.some((option) => option.shape.kind.value === kind)) return [];
    return [...keys!.matchAll(/`([^`]+)`/g)].map(([, key]) => `${kind} ${key}`);
  });
  const keys = AppLogRecord.options.flatMap((option) =>
    Object.keys(option.shape)
      .filter((key) => key !== "kind")
      .map((key) => `${option.shape.kind.value} ${key}`),
  );
  expect(documented.sort()).toEqual(keys.sort());
  const metrics = rows
    .map((row) => /^\| `(\w+\.[\w.]+)` \| (\S+) \|/.exec(row))
    .filter((match) => match !== null);
  expect(Object.fromEntries(metrics.map(([, metric, unit]) => [metric, unit]))).toEqual(SAMPLE_METRICS);
});

test("keys that the schema does not name are kept", () => {
  const record = { kind: "token", run: "r", i: 0, t_ns: 5, n: 1, logprob: -0.25 };
  expect(AppLogRecord.parse(record)).toEqual(record);
});
