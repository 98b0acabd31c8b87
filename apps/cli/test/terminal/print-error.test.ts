import { PassThrough } from "node:stream";
import { PippinError } from "@pippin/core";
import { expect, test } from "vitest";
import { createIo } from "../../src/terminal/io.ts";
import { printError } from "../../src/terminal/print-error.ts";

function printed(error: unknown, { json = false, env = {} } = {}): string {
  const stderr = new PassThrough();
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr, env, cwd: "." };
  const { signal } = new AbortController();
  printError(
    createIo(streams, { json, signal, interrupt: () => {}, fail: () => {}, unfit: () => {} }),
    error,
  );
  return String(stderr.read() ?? "");
}

const BROKEN = new PippinError("X_BROKEN", {
  message: "tensor \u001b[2J is cut off",
  hint: "Fetch it again.",
  details: { offset: 7 },
});

test("people read message, code and hint, without what steers a terminal", () => {
  expect(printed(BROKEN)).toBe("error: tensor \\x1b[2J is cut off [X_BROKEN]\nhint:  Fetch it again.\n");
});

test("machines read one line of JSON", () => {
  expect(JSON.parse(printed(BROKEN, { json: true }))).toEqual({
    error: {
      code: "X_BROKEN",
      message: "tensor \u001b[2J is cut off",
      hint: "Fetch it again.",
      details: { offset: 7 },
    },
  });
});

test.each([true, false])("an error that nobody foresaw has a code and a hint too (json: %s)", (json) => {
  const text = printed(new TypeError("x is not a function"), { json });
  expect(text).toContain("x is not a function");
  expect(text).toContain("CLI_UNEXPECTED");
  expect(text).toContain("PIPPIN_DEBUG=1");
  expect(text).not.toContain("    at ");
});

test("PIPPIN_DEBUG adds the stack and its causes", () => {
  const error = new PippinError("X_BROKEN", { message: "outer", cause: new Error("inner") });
  const text = printed(error, { env: { PIPPIN_DEBUG: "1" } });
  expect(text).toContain("    at ");
  expect(text).toContain("inner");
});
