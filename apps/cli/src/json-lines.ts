import { createInterface } from "node:readline";
import { isPippinError } from "@pippin/core";
import { parseJson } from "@pippin/tokenizer";
import { z } from "zod";
import { usageError } from "./errors.ts";
import { jsonText } from "./terminal/format.ts";
import type { Io } from "./terminal/io.ts";

/**
 * Answers each line of stdin with one line of stdout: JSON in, JSON out. A line that cannot be answered gets
 * `{"error":{"code","message","hint"}}`, so that the answers stay in step with the questions; one that is no question makes the
 * exit status 1 as well.
 */
export async function answerLines<Question>(
  io: Io,
  shape: z.ZodType<Question>,
  answer: (question: Question) => object,
): Promise<void> {
  const lines = createInterface({ input: io.stdin, crlfDelay: Number.POSITIVE_INFINITY, signal: io.signal });
  for await (const line of lines) {
    if (line.trim() === "") continue;
    if (!io.stdout.write(`${jsonText(answerLine(io, line, shape, answer))}\n`)) await drained(io);
  }
}

function answerLine<Question>(
  io: Io,
  line: string,
  shape: z.ZodType<Question>,
  answer: (question: Question) => object,
): object {
  try {
    return answer(parseQuestion(line, shape));
  } catch (error) {
    if (!isPippinError(error)) throw error;
    if (error.code === "CLI_USAGE") io.fail();
    const { code, message, hint } = error;
    return { error: { code, message, hint } };
  }
}

function parseQuestion<Question>(line: string, shape: z.ZodType<Question>): Question {
  let json: unknown;
  try {
    json = parseJson(line);
  } catch (cause) {
    throw usageError(
      `the line is not JSON: ${cause instanceof Error ? cause.message : cause}`,
      "Each line of the input is one JSON object.",
    );
  }
  const parsed = shape.safeParse(json);
  if (parsed.success) return parsed.data;
  const reason = z.prettifyError(parsed.error).replaceAll("\n", " ");
  throw usageError(`the line cannot be used: ${reason}`, "See pippin tokenizer --help for the fields.");
}

/** A reader that leaves early never drains: then there is nothing to wait for. */
function drained({ stdout }: Io): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ["drain", "error", "close"]) stdout.once(event, () => resolve());
  });
}
