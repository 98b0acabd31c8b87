/** Longest line of a log that is read, in UTF-16 units: the longest record Pippin writes has about 1,000. */
export const MAX_LINE_LENGTH = 1_000_000;

/** Text, or pieces of it as strings or UTF-8 bytes, cut anywhere. */
export type LineSource =
  | string
  | Iterable<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>
  | ReadableStream<string | Uint8Array>;

export interface NumberedLine {
  /** From 1. */
  readonly line: number;
  /** Without its end; undefined when it is longer than `MAX_LINE_LENGTH`. */
  readonly text: string | undefined;
  /** Whether a line feed ends it. */
  readonly ended: boolean;
}

/**
 * Cuts text into lines that end with LF or CRLF; leaves out those of spaces only, and a byte order mark. Holds a line and
 * a piece. Bytes that are no UTF-8 become replacement characters.
 */
export async function* readLines(source: LineSource): AsyncGenerator<NumberedLine> {
  const decoder = new TextDecoder();
  let line = 1;
  let begun = "";
  let tooLong = false;
  const pieces = typeof source === "string" ? [source] : source;
  for await (const piece of pieces) {
    // Bytes that a string interrupts end where it begins.
    const text =
      typeof piece === "string" ? decoder.decode() + piece : decoder.decode(piece, { stream: true });
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      begun += text.slice(from, end);
      from = end + 1;
      const found = cleaned(begun, tooLong);
      if (found !== undefined) yield { line, text: found.text, ended: true };
      [line, begun, tooLong] = [line + 1, "", false];
    }
    begun += text.slice(from);
    if (begun.length > MAX_LINE_LENGTH) [begun, tooLong] = ["", true];
  }
  const found = cleaned(begun + decoder.decode(), tooLong);
  if (found !== undefined) yield { line, text: found.text, ended: false };
}

/** Undefined for an empty line. */
function cleaned(text: string, tooLong: boolean): { text: string | undefined } | undefined {
  if (tooLong || text.length > MAX_LINE_LENGTH) return { text: undefined };
  // trim takes CR and a byte order mark too.
  const content = text.trim();
  return content === "" ? undefined : { text: content };
}
