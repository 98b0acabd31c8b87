import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createProgress, progressLine } from "../../src/terminal/progress.ts";

const CLEAR = "\r\u001b[2K";

function fakeTerminal(columns = 80) {
  const stream = Object.assign(new PassThrough(), { columns });
  const time = { ms: 0 };
  const progress = createProgress(stream, true, () => time.ms);
  return { progress, time, written: () => String(stream.read() ?? "") };
}

test("a line says how far, how fast and how long still", () => {
  const line = progressLine({ stage: "convert", unit: "bytes", done: 1.2e9, total: 3.6e9 }, 2);
  expect(line).toBe("convert ████████░░░░░░░░░░░░░░░░  33% 1.2 GB of 3.6 GB · 600 MB/s · 4.0 s left");
});

test("in the first half second there is no rate", () => {
  const line = progressLine({ stage: "convert", unit: "bytes", done: 5e8, total: 1e9 }, 0.4);
  expect(line).toBe("convert ████████████░░░░░░░░░░░░  50% 500 MB of 1 GB");
});

test("other units carry their name, an unknown total leaves the bar out", () => {
  expect(progressLine({ stage: "verify", unit: "steps", done: 3, total: 4 }, 0)).toBe(
    "verify ██████████████████░░░░░░  75% 3 of 4 steps",
  );
  expect(progressLine({ stage: "generate", unit: "tokens", done: 30 }, 2)).toBe(
    "generate 30 tokens · 15.0 tokens/s",
  );
});

test("a total of 0 is no division", () => {
  expect(progressLine({ stage: "convert", unit: "bytes", done: 0, total: 0 }, 1)).toBe("convert 0 B");
});

test("the line is drawn over itself, not more often than the eye sees, and removed at the end", () => {
  const { progress, time, written } = fakeTerminal();
  progress.show({ stage: "convert", unit: "bytes", done: 0, total: 100 });
  expect(written()).toBe(`${CLEAR}convert ${"░".repeat(24)}   0% 0 B of 100 B`);
  time.ms = 20;
  progress.show({ stage: "convert", unit: "bytes", done: 10, total: 100 });
  expect(written()).toBe("");
  time.ms = 1000;
  progress.show({ stage: "convert", unit: "bytes", done: 50, total: 100 });
  expect(written()).toBe(
    `${CLEAR}convert ${"█".repeat(12)}${"░".repeat(12)}  50% 50 B of 100 B · 50 B/s · 1.0 s left`,
  );
  progress.show({ stage: "convert", unit: "bytes", done: 100, total: 100 });
  expect(written().endsWith(CLEAR)).toBe(true);
  progress.clear();
  expect(written()).toBe("");
});

test("a stage that runs again is timed again", () => {
  const { progress, time, written } = fakeTerminal();
  progress.show({ stage: "verify", unit: "steps", done: 4, total: 8 });
  time.ms = 10_000;
  progress.show({ stage: "verify", unit: "steps", done: 1, total: 8 });
  expect(written()).not.toContain("steps/s");
});

test.each([
  [40, 39],
  [0, 79],
])("a terminal of %d columns gets at most %d characters", (columns, most) => {
  const { progress, written } = fakeTerminal(columns);
  progress.show({ stage: "s".repeat(200), unit: "bytes", done: 0, total: 100 });
  expect(written().slice(CLEAR.length)).toHaveLength(most);
});

test("away from a terminal nothing is written", () => {
  const stream = new PassThrough();
  const progress = createProgress(stream, false);
  progress.show({ stage: "convert", unit: "bytes", done: 50, total: 100 });
  progress.clear();
  expect(stream.read()).toBeNull();
});
