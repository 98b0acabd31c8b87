import fc from "fast-check";
import { expect, test } from "vitest";
import { checkAppLog, collectAppLog, readAppLog, summarizeRuns } from "../src/index.ts";
import { EXAMPLE } from "./example.ts";

const LINES = EXAMPLE.trim().split("\n");

/** A log with some lines cut, mixed up, doubled or replaced. */
const damaged = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...LINES) },
      fc.constantFrom(...LINES).chain((line) => fc.nat(line.length).map((end) => line.slice(0, end))),
      fc.json(),
      fc.string({ unit: "binary" }),
      fc
        .record({
          kind: fc.constantFrom(
            "session",
            "device",
            "model",
            "run",
            "token",
            "interval",
            "sample",
            "diagnostic",
          ),
          run: fc.anything(),
          t_ns: fc.anything(),
          metric: fc.constantFrom("constructor", "__proto__", "hw.battery.charge"),
        })
        .map((value) => JSON.stringify(value) ?? "null"),
    ),
    { maxLength: 40 },
  )
  .map((lines) => lines.join("\n"));

test("each line of any text is a record or a warning; nothing is thrown", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(damaged, fc.string({ unit: "binary" })), async (text) => {
      const lines = [];
      for await (const line of readAppLog(text)) lines.push(line.line);
      const expected = text.split("\n").flatMap((line, index) => (line.trim() === "" ? [] : [index + 1]));
      expect(lines).toEqual(expected);
      const { records } = await collectAppLog(text);
      checkAppLog(records);
      summarizeRuns(records);
    }),
  );
});

test("bytes cut anywhere give what the text gives", async () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(damaged, pieces, async (text, lengths) => {
      const bytes = new TextEncoder().encode(text);
      async function* cut(): AsyncGenerator<Uint8Array> {
        for (let at = 0, i = 0; at < bytes.length; at += lengths[i++ % lengths.length]!)
          yield bytes.subarray(at, at + lengths[i % lengths.length]!);
      }
      expect(await collectAppLog(cut())).toEqual(await collectAppLog([bytes]));
    }),
  );
});
