import { expect, test } from "vitest";
import {
  formatBytes,
  formatSeconds,
  formatTable,
  jsonText,
  printable,
  printableLine,
  shellWord,
} from "../../src/terminal/format.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1 kB"],
  [3_546_472, "3.55 MB"],
  [999_499, "999 kB"],
  [999_500, "1 MB"],
  [15_231_233_024, "15.2 GB"],
  [2e15, "2000 TB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0.0441, "44 ms"],
  [1, "1.0 s"],
  [9.94, "9.9 s"],
  [42.4, "42 s"],
  [90, "1 min 30 s"],
  [119.7, "2 min 0 s"],
  [3600, "60 min 0 s"],
])("%d seconds are %s", (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test("a bold cell is as wide as its text", () => {
  const rows = [
    ["\u001b[1mbold\u001b[22m", "1"],
    ["x", "2"],
  ];
  expect(formatTable(rows)).toEqual(["\u001b[1mbold\u001b[22m  1", "x     2"]);
});

test("a table pads all columns but the last", () => {
  const rows = [
    ["a", "bb", "c"],
    ["aaa", "", ""],
    ["", "b", "ccc"],
  ];
  expect(formatTable(rows)).toEqual(["a    bb  c", "aaa", "     b   ccc"]);
});

test("the end of a short row reaches over the rest", () => {
  expect(formatTable([["a", "bb", "c"], ["a whole sentence"], ["aa", "another"]])).toEqual([
    "a   bb  c",
    "a whole sentence",
    "aa  another",
  ]);
});

test.each([
  ["escape", "\u001b[31mred", "\\x1b[31mred"],
  ["carriage return", "safe\rfake", "safe\\x0dfake"],
  ["one-byte escape", "\u009b31m", "\\x9b31m"],
  ["backspace, bell, delete", "\b\u0007\u007f", "\\x08\\x07\\x7f"],
  ["line ends and tabs stay", "a\n\tb", "a\n\tb"],
  ["overrides of direction", "safe\u202egnp.exe\u2066", "safe\\u202egnp.exe\\u2066"],
  ["words stay", "Grüße 你好 🙂", "Grüße 你好 🙂"],
])("printable: %s", (_, text, expected) => {
  expect(printable(text)).toBe(expected);
});

test("a name with line ends cannot forge a second line", () => {
  expect(printableLine("name\n  fake row\r\n")).toBe("name fake row ");
});

test("JSON holds no control character and reads back as it was", () => {
  const value = { "\u009b31m": "\u001b]0;title\u0007 \u007f\u0085" };
  const text = jsonText(value);
  expect(text).toMatch(/^\P{Cc}*$/u);
  expect(JSON.parse(text)).toEqual(value);
});

test.each([
  ["build/pip", "linux", "build/pip"],
  ["C:\\models\\pip", "win32", "C:\\models\\pip"],
  ["my model", "linux", "'my model'"],
  ["it's", "darwin", "'it'\\''s'"],
  ["my model", "win32", '"my model"'],
  ["$(rm -rf ~)", "linux", "'$(rm -rf ~)'"],
] as const)("%s is pasted into a shell of %s as %s", (path, platform, word) => {
  expect(shellWord(path, platform)).toBe(word);
});
