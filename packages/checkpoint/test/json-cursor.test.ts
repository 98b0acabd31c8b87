import { PippinError } from "@pippin/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { JsonCursor } from "../src/json-cursor.ts";

function cursor(text: string): JsonCursor {
  return new JsonCursor(text, (reason, at) => new PippinError("TEST", { message: `${at}: ${reason}` }));
}

function skipAll(text: string): void {
  const json = cursor(text);
  json.skip();
  json.end();
}

test.each(["null", " true ", "[]", "{}", '[1,-0.5e+7,"a\\u00e9\\n"]', '{"a":{"b":[{}]}}', "0"])(
  "the JSON text %s is read over",
  (text) => {
    expect(() => skipAll(text)).not.toThrow();
  },
);

test.each([
  "",
  "[",
  "[1,]",
  "{,}",
  '{"a"}',
  '{"a":1,}',
  "01",
  "1.",
  "+1",
  ".5",
  "-",
  "nul",
  '"',
  '"\\x"',
  '"a\nb"',
  "1 2",
  "NaN",
])("the text %j is refused", (text) => {
  expect(() => skipAll(text)).toThrow(PippinError);
});

test("a duplicate key is refused, however it is escaped", () => {
  expect(() => skipAll('{"ab":1,"\\u0061b":2}')).toThrow('the key "ab" appears twice');
});

test("nesting beyond the bound is refused without recursion", () => {
  expect(() => skipAll("[".repeat(1_000_000))).toThrow("nested more than 32 deep");
});

test("an object with more keys than any header has is refused", () => {
  const keys = Array.from({ length: 500_002 }, (_, index) => `"${index}":0`);
  expect(() => skipAll(`{${keys.join(",")}}`)).toThrow("more than 500001 keys");
});

test.each(["-1", "1.0", "1e3", "9007199254740992", "00", "1".repeat(100), '"1"', "null"])(
  "%s is not taken for an integer",
  (text) => {
    expect(() => cursor(text).integer()).toThrow(PippinError);
  },
);

test("a lone surrogate is refused", () => {
  expect(() => cursor('"\\ud800"').string()).toThrow("means no character");
});

test("every text that JSON.stringify writes is read over", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 8 }), (text) => skipAll(text)),
    { seed: 1, numRuns: 300 },
  );
});

test("a text is accepted only when JSON.parse accepts it", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:0123456789.eE+-\\untrfals ') }), (text) => {
      const accepted = accepts(() => skipAll(text));
      expect(accepted && !accepts(() => JSON.parse(text))).toBe(false);
    }),
    { seed: 2, numRuns: 3000 },
  );
});

function accepts(read: () => void): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
