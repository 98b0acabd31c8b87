import { isPippinError } from "@pippin/core";
import { printable } from "./format.ts";
import type { Io } from "./io.ts";

/** An error as people read it, and as JSON on stderr with `--json`. Stack traces only for our own faults. */
export function printError(io: Io, error: unknown): void {
  if (!isPippinError(error)) {
    const text =
      io.env.PIPPIN_DEBUG && error instanceof Error
        ? error.stack
        : String((error as Error)?.message ?? error);
    io.stderr.write(`error: ${printable(String(text))}\n`);
    return;
  }
  if (io.json) {
    const { code, message, hint, details } = error;
    io.stderr.write(`${JSON.stringify({ error: { code, message, hint, details } })}\n`);
    return;
  }
  io.stderr.write(`error: ${printable(error.message)} [${error.code}]\n`);
  if (error.hint) io.stderr.write(`hint:  ${printable(error.hint)}\n`);
}
