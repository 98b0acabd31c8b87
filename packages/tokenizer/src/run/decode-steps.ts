import { bytesOfToken } from "../byte-alphabet.ts";
import type { Dfa } from "../image/dfa.ts";
import { replaced } from "./normalizer.ts";
import { Rewriting } from "./rewriting.ts";

/** A step of decoding: takes the pieces of text that tokens stand for, gives others. It is asked to end before it is used again. */
export interface DecodeStep {
  push(piece: string): void;
  end(): void;
}

/** Takes what a step gives. */
export type Give = (piece: string) => void;

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });
const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A step that looks at one piece at a time. */
export function eachPiece(change: (piece: string) => string, next: DecodeStep): DecodeStep {
  return { push: (piece) => next.push(change(piece)), end: () => next.end() };
}

/** Pieces spelled in the byte alphabet are bytes, others their own UTF-8; all of them are decoded as one text. */
export function bytesToText(next: DecodeStep): DecodeStep {
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  return {
    push(piece) {
      const text = utf8.decode(bytesOfToken(piece) ?? UTF8.encode(piece), { stream: true });
      if (text !== "") next.push(text);
    },
    end() {
      const text = utf8.decode();
      if (text !== "") next.push(text);
      next.end();
    },
  };
}

/** A step that treats the first piece in another way. */
export function firstPiece(change: (piece: string, first: boolean) => string, next: DecodeStep): DecodeStep {
  let first = true;
  return {
    push(piece) {
      const changed = change(piece, first);
      first = false;
      next.push(changed);
    },
    end() {
      first = true;
      next.end();
    },
  };
}

export function replacing(dfa: Dfa, content: Uint8Array, next: DecodeStep): DecodeStep {
  const rewriting = new Rewriting();
  return eachPiece((piece) => {
    const bytes = UTF8.encode(piece);
    const changed = replaced(dfa, content, bytes, rewriting);
    return changed === bytes ? piece : TEXT.decode(changed);
  }, next);
}

/**
 * Runs of byte tokens become text; an invalid run, one U+FFFD for each byte.
 *
 * @param eager - as soon as a run is valid. Otherwise at its end, as the reference decides: only text that contains an invalid run
 * differs.
 */
export function byteFallback(eager: boolean, next: DecodeStep): DecodeStep {
  let run: number[] = [];
  const flush = (): void => {
    if (run.length === 0) return;
    const text = strictUtf8(run);
    if (text !== undefined) next.push(text);
    else for (let i = 0; i < run.length; i++) next.push("\uFFFD");
    run = [];
  };
  return {
    push(piece) {
      const byte = fallbackByte(piece);
      if (byte === undefined) {
        flush();
        return next.push(piece);
      }
      run.push(byte);
      if (eager && strictUtf8(run) !== undefined) flush();
    },
    end() {
      flush();
      next.end();
    },
  };
}

/** The value of a byte token `<0xHH>`, or `undefined`. Rust's `from_str_radix` reads `+F` as well. */
export function fallbackByte(token: string): number | undefined {
  const digits = /^<0x(\+?[0-9A-Fa-f]|[0-9A-Fa-f]{2})>$/.exec(token)?.[1];
  return digits === undefined || token.length !== 6 ? undefined : Number.parseInt(digits, 16);
}

function strictUtf8(bytes: readonly number[]): string | undefined {
  try {
    return STRICT.decode(Uint8Array.from(bytes));
  } catch {
    // Not UTF-8, or not yet: both are ordinary here.
    return undefined;
  }
}

/** Removes up to `start` of a character from the beginning and `stop` from the end, of each piece. */
export function stripPiece(piece: string, character: string, start: number, stop: number): string {
  let from = 0;
  let to = piece.length;
  for (let i = 0; i < start && from < to && piece.startsWith(character, from); i++) from += character.length;
  for (let i = 0; i < stop && to > from && piece.endsWith(character, to); i++) to -= character.length;
  return piece.slice(from, to);
}

/**
 * All that follows is one piece: `Fuse`, and a `Strip` behind it. What `stop` might remove is held back.
 */
export function fusing(character: string, start: number, stop: number, next: DecodeStep): DecodeStep {
  let toStrip = start;
  let held = "";
  return {
    push(piece) {
      let text = held + piece;
      held = "";
      while (toStrip > 0 && text.length > 0) {
        if (!text.startsWith(character)) toStrip = 0;
        else {
          text = text.slice(character.length);
          toStrip--;
        }
      }
      if (stop > 0) {
        let cut = text.length;
        for (let i = 0; i < stop && text.slice(0, cut).endsWith(character); i++) cut -= character.length;
        held = text.slice(cut);
        text = text.slice(0, cut);
      }
      if (text !== "") next.push(text);
    },
    end() {
      // At the end of the whole text, what was held back is what `stop` removes.
      toStrip = start;
      held = "";
      next.end();
    },
  };
}

/** Holds all pieces until the end: for steps behind `Fuse` that look at the whole text. */
export function whole(next: DecodeStep): DecodeStep {
  let text = "";
  return {
    push(piece) {
      text += piece;
    },
    end() {
      next.push(text);
      text = "";
      next.end();
    },
  };
}

/** Source: `wordpiece::cleanup` of the crate tokenizers. */
export function cleanUp(text: string): string {
  return CLEANUPS.reduce((result, [from, to]) => result.replaceAll(from, to), text);
}

const CLEANUPS: readonly (readonly [string, string])[] = [
  [" .", "."],
  [" ?", "?"],
  [" !", "!"],
  [" ,", ","],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" do not", " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

/** Pieces but the last get a space for each suffix; the last one, nothing. So one piece is held back. */
export function suffixes(suffix: string, next: DecodeStep): DecodeStep {
  let held: string | undefined;
  return {
    push(piece) {
      if (held !== undefined) next.push(held.replaceAll(suffix, " "));
      held = piece;
    },
    end() {
      if (held !== undefined) next.push(held.replaceAll(suffix, ""));
      held = undefined;
      next.end();
    },
  };
}

/** Repeated tokens are one, the pad token is none. */
export function ctc(pad: string, delimiter: string, clean: boolean, next: DecodeStep): DecodeStep {
  let last: string | undefined;
  return {
    push(piece) {
      if (piece === last) return;
      last = piece;
      const text = piece.replaceAll(pad, "");
      const cleaned = clean ? cleanUp(text).replaceAll(delimiter, " ") : text;
      if (cleaned !== "") next.push(cleaned);
    },
    end() {
      last = undefined;
      next.end();
    },
  };
}
