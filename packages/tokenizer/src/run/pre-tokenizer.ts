import { Dfa, eachMatch, utf8Length } from "../image/dfa.ts";
import { broken } from "../image/image.ts";
import { BEHAVIOR, PRE_TOKENIZE, SECTION } from "../image/layout.ts";
import type { Op, Program } from "../image/program.ts";
import { spellBytes } from "./byte-alphabet-bytes.ts";
import { prepended, replaced } from "./normalizer.ts";
import type { Rewriting } from "./rewriting.ts";

/** A piece of text, `bytes` from `start` to `end`. What comes from the first character of the whole text ends at `head`. */
export type Piece = (bytes: Uint8Array, start: number, end: number, head: number) => void;

/**
 * Cuts pieces of text into smaller ones, which go on to `then`; none is empty.
 *
 * @throws PippinError `TOKENIZER_IMAGE_BROKEN`.
 */
export function createPreTokenizer(program: Program, rewriting: Rewriting, then: Piece): Piece {
  let next = then;
  for (const op of [...program.preTokenizers].reverse()) next = stage(program, op, rewriting, next);
  return next;
}

function stage(program: Program, [code, a, b, c]: Op, rewriting: Rewriting, next: Piece): Piece {
  switch (code) {
    case PRE_TOKENIZE.split:
      return splitter(new Dfa(program.image.section(a, SECTION.dfa)), b, c !== 0, next);
    case PRE_TOKENIZE.prepend: {
      const before = program.string(a);
      return (bytes, start, end, head) => {
        if ((b !== 0 && start >= head) || startsWith(bytes, start, end, before))
          return next(bytes, start, end, head);
        rewriting.head = head;
        const piece = prepended(before, bytes, start, end, rewriting);
        next(piece, 0, piece.length, rewriting.head);
      };
    }
    case PRE_TOKENIZE.byteAlphabet:
      return (bytes, start, end, head) => {
        rewriting.head = head;
        const piece = spellBytes(bytes, start, end, rewriting);
        next(piece, 0, piece.length, rewriting.head);
      };
    case PRE_TOKENIZE.replace: {
      const dfa = new Dfa(program.image.section(a, SECTION.dfa));
      const content = program.string(b);
      return (bytes, start, end, head) => {
        rewriting.head = Math.max(0, head - start);
        const piece = replaced(dfa, content, rewriting.part(bytes, start, end), rewriting);
        if (piece.length > 0) next(piece, 0, piece.length, rewriting.head);
      };
    }
    default:
      throw broken(`it names the unknown pre-tokenizer ${code}`);
  }
}

function startsWith(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  return end - start >= wanted.length && wanted.every((byte, i) => bytes[start + i] === byte);
}

/** Source of the behaviors: `NormalizedString::split` of the crate tokenizers. */
function splitter(dfa: Dfa, behavior: number, invert: boolean, next: Piece): Piece {
  if (behavior === BEHAVIOR.isolated) return isolating(dfa, next);
  if (behavior === BEHAVIOR.removed && invert) {
    return (bytes, start, end, head) =>
      eachMatch(dfa, bytes, start, end, (from, to) => {
        if (from < to) next(bytes, from, to, head);
      });
  }
  if (behavior === BEHAVIOR.removed) {
    return (bytes, start, end, head) => {
      let at = start;
      eachMatch(dfa, bytes, start, end, (from, to) => {
        if (at < from) next(bytes, at, from, head);
        at = to;
      });
      if (at < end) next(bytes, at, end, head);
    };
  }
  if (behavior > BEHAVIOR.contiguous) throw broken(`it names the unknown behavior ${behavior}`);
  return (bytes, start, end, head) => {
    for (const [from, to] of merged(spansOf(dfa, bytes, start, end, invert), behavior)) {
      if (from < to) next(bytes, from, to, head);
    }
  };
}

/** The usual kind of stage, without the calls of the general one. */
function isolating(dfa: Dfa, next: Piece): Piece {
  return (bytes, start, end, head) => {
    let from = start;
    let last = -1;
    for (let at = start; at < end; ) {
      const to = dfa.matchEnd(bytes, start, at, end);
      if (to < 0 || (to === at && to === last)) {
        at += utf8Length(bytes[at]!);
        continue;
      }
      if (from < at) next(bytes, from, at, head);
      if (at < to) next(bytes, at, to, head);
      from = to;
      at = to;
      last = to;
    }
    if (from < end) next(bytes, from, end, head);
  };
}

type Span = [from: number, to: number, match: boolean];

function spansOf(dfa: Dfa, bytes: Uint8Array, start: number, end: number, invert: boolean): Span[] {
  const spans: Span[] = [];
  let at = start;
  eachMatch(dfa, bytes, start, end, (from, to) => {
    if (at !== from) spans.push([at, from, invert]);
    spans.push([from, to, !invert]);
    at = to;
  });
  if (at !== end) spans.push([at, end, invert]);
  return spans;
}

function merged(spans: Span[], behavior: number): [number, number][] {
  const backwards = behavior === BEHAVIOR.mergedWithNext;
  const out: [number, number][] = [];
  let previous = false;
  for (const [from, to, match] of backwards ? spans.reverse() : spans) {
    const last = out.at(-1);
    const joins = behavior === BEHAVIOR.contiguous ? match === previous : match && !previous;
    if (last === undefined || !joins) out.push([from, to]);
    else if (backwards) last[0] = from;
    else last[1] = to;
    previous = match;
  }
  return backwards ? out.reverse() : out;
}
