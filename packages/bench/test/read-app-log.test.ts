import { expect, test } from "vitest";
import { collectAppLog, MAX_LINE_LENGTH, readAppLog } from "../src/index.ts";
import { EXAMPLE } from "./example.ts";

const TOKEN = '{"kind":"token","run":"r","i":0,"t_ns":5,"n":1}';

async function warningsOf(text: string): Promise<[number, string][]> {
  const { warnings } = await collectAppLog(text);
  return warnings.map(({ line, warning }) => [line, warning.code]);
}

test("a last line that is cut off is told from garbage", async () => {
  expect(await warningsOf(`${TOKEN}\n${TOKEN.slice(0, 20)}`)).toEqual([[2, "BENCH_LOG_TRUNCATED"]]);
  expect(await warningsOf(`${TOKEN.slice(0, 20)}\n${TOKEN}`)).toEqual([[1, "BENCH_LOG_NOT_JSON"]]);
});

test("a last line that is whole needs no line feed", async () => {
  const { records, warnings } = await collectAppLog(TOKEN);
  expect(records.map(({ line, record }) => [line, record.kind])).toEqual([[1, "token"]]);
  expect(warnings).toEqual([]);
});

test.each([
  ["an array", "[1]", "BENCH_LOG_NOT_JSON"],
  ["a number", "5", "BENCH_LOG_NOT_JSON"],
  ["null", "null", "BENCH_LOG_NOT_JSON"],
  ["a foreign kind", '{"kind":"rocket"}', "BENCH_LOG_UNKNOWN_KIND"],
  ["no kind", '{"i":1}', "BENCH_LOG_BAD_RECORD"],
  ["a missing key", '{"kind":"token","run":"r","i":0,"t_ns":5}', "BENCH_LOG_BAD_RECORD"],
  ["a negative time", '{"kind":"token","run":"r","i":0,"t_ns":-5,"n":1}', "BENCH_LOG_BAD_RECORD"],
  ["no tokens", '{"kind":"token","run":"r","i":0,"t_ns":5,"n":0}', "BENCH_LOG_BAD_RECORD"],
  ["another version", '{"kind":"session","version":2}', "BENCH_LOG_VERSION"],
])("%s is a warning with its line, and the reading goes on", async (_, line, code) => {
  const { records, warnings } = await collectAppLog(`\n${line}\n${TOKEN}\n`);
  expect(warnings.map(({ line, warning }) => [line, warning.code])).toEqual([[2, code]]);
  expect(records.map(({ line }) => line)).toEqual([3]);
});

test("a record of a foreign kind is passed on", async () => {
  const lines = [];
  for await (const line of readAppLog('{"kind":"rocket","stage":2}\n')) lines.push(line);
  expect(lines).toMatchObject([{ status: "foreign", line: 1, value: { kind: "rocket", stage: 2 } }]);
});

test("a bad record is named with its key", async () => {
  const { warnings } = await collectAppLog('{"kind":"token","run":"r","i":"0","t_ns":5,"n":1}\n');
  expect(warnings[0]!.warning.message).toMatch(/^token: i: .*number/);
});

test("a line without end is not gathered in memory", async () => {
  let pieces = 0;
  function* endless(): Generator<string> {
    for (; pieces < 30; pieces++) yield "x".repeat(MAX_LINE_LENGTH / 10);
    yield `\n${TOKEN}\n`;
  }
  const { records, warnings } = await collectAppLog(endless());
  expect(warnings.map(({ line, warning }) => [line, warning.code])).toEqual([[1, "BENCH_LOG_LINE_TOO_LONG"]]);
  expect(records.map(({ line }) => line)).toEqual([2]);
});

test("CRLF and a byte order mark change nothing", async () => {
  const plain = await collectAppLog(EXAMPLE);
  const bytes = new TextEncoder().encode(`\uFEFF${EXAMPLE.replaceAll("\n", "\r\n")}`);
  expect(await collectAppLog([bytes])).toEqual(plain);
});

test("a web stream is read as it comes", async () => {
  const stream = new Blob([EXAMPLE]).stream();
  expect(await collectAppLog(stream)).toEqual(await collectAppLog(EXAMPLE));
});
