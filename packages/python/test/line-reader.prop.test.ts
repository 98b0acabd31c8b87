import fc from "fast-check";
import { expect, test } from "vitest";
import { cleanLine, LineReader } from "../src/line-reader.ts";

function linesOf(parts: readonly Uint8Array[]): string[] {
  const lines: string[] = [];
  const reader = new LineReader((line) => lines.push(line));
  for (const part of parts) reader.push(part);
  reader.end();
  return lines;
}

test("how the bytes arrive does not matter", () => {
  const texts = fc.array(fc.oneof(fc.string(), fc.constantFrom("\n", "\r\n", "é\n", "日本")), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(texts, fc.array(fc.nat(200), { maxLength: 6 }), (pieces, cuts) => {
      const bytes = Buffer.from(pieces.join(""));
      const places = [
        0,
        ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b),
        bytes.length,
      ];
      const parts = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      const withoutEmpty = (lines: string[]) => lines.filter((line) => line !== "");
      expect(withoutEmpty(linesOf(parts))).toEqual(withoutEmpty(linesOf([bytes])));
    }),
  );
});

test("a cleaned line holds no control character, whatever came", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      for (const line of linesOf([bytes])) expect(cleanLine(line)).not.toMatch(/\p{Cc}/u);
    }),
  );
});
