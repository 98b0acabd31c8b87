import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { EVALUATION_TEXT, windowsOf } from "@pippin/verify";
import { usageError } from "./errors.ts";
import type { Text } from "./text.ts";

/** A text is cut into pieces of about so many characters, at the ends of lines, before it becomes ids. */
const PIECE_CHARACTERS = 1 << 20;

export interface EvaluationOptions {
  /** A file of UTF-8 text; absent: the bundled one. */
  readonly file?: string | undefined;
  /** Default: that of `@pippin/verify`. */
  readonly bundled?: readonly string[];
  /** Tokens of a window. */
  readonly size: number;
  /** The most windows. */
  readonly count: number;
}

/**
 * Windows of token ids, without special tokens: of the bundled text, or of a file that is read as far as they need.
 *
 * @throws PippinError `CLI_USAGE` when the file cannot be read or has no text.
 */
export async function* evaluationWindows(
  { tokenizer }: Text,
  { file, bundled = [EVALUATION_TEXT], size, count }: EvaluationOptions,
): AsyncGenerator<readonly number[], void> {
  const encode = (piece: string) => tokenizer.encode(piece, { addSpecialTokens: false });
  const pieces = file === undefined ? bundled : piecesOf(file);
  async function* ids() {
    for await (const piece of pieces) yield encode(piece);
  }
  let yielded = 0;
  for await (const window of windowsOf(ids(), { size, count })) {
    yielded++;
    yield window;
  }
  if (yielded === 0)
    throw usageError(`${file ?? "the bundled text"} has no text`, "Name a file of plain text.");
}

/** Refuses what could only fail after the models are loaded. */
export async function checkTextPath(file: string): Promise<void> {
  await access(file).catch((cause: Error) => {
    throw unreadable(file, cause.message);
  });
}

async function* piecesOf(file: string): AsyncGenerator<string, void> {
  let rest = "";
  try {
    for await (const chunk of createReadStream(file, "utf8")) {
      rest += chunk;
      if (rest.length < PIECE_CHARACTERS) continue;
      // Without a line's end in so long a text, any place is as good.
      const end = rest.lastIndexOf("\n") + 1 || rest.length;
      yield rest.slice(0, end);
      rest = rest.slice(end);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw unreadable(file, message);
  }
  if (rest !== "") yield rest;
}

function unreadable(file: string, reason: string) {
  return usageError(`${file} cannot be read: ${reason}`, "Name a file of plain text with --text.");
}
