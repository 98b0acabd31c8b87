import { inspect } from "node:util";
import { isPippinError, PippinError } from "@pippin/core";
import type { CliErrorCode } from "../errors.ts";
import { jsonText, printable } from "./format.ts";
import type { Io } from "./io.ts";

/** An error as people read it, and as one line of JSON on stderr with `--json`. Stack traces only with `PIPPIN_DEBUG`. */
export function printError(io: Io, error: unknown): void {
  const { code, message, hint, details } = isPippinError(error) ? error : unexpected(error);
  if (io.json) {
    io.stderr.write(`${jsonText({ error: { code, message, hint, details } })}\n`);
  } else {
    io.stderr.write(`error: ${printable(message)} [${printable(code)}]\n`);
    if (hint) io.stderr.write(`hint:  ${printable(hint)}\n`);
  }
  if (io.env.PIPPIN_DEBUG) io.stderr.write(`${printable(inspect(error))}\n`);
}

function unexpected(cause: unknown): PippinError<CliErrorCode> {
  return new PippinError("CLI_UNEXPECTED", {
    message: cause instanceof Error ? cause.message : String(cause),
    hint: "Pippin did not foresee this: run the command again with PIPPIN_DEBUG=1 and report what it prints.",
    cause,
  });
}
