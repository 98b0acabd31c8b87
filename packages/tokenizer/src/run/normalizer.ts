import { CodePointMap, CodePointTable } from "../image/code-points.ts";
import { characterBefore, codePointAt, Dfa, eachMatch, utf8Length } from "../image/dfa.ts";
import { broken } from "../image/image.ts";
import { NONE, NORMALIZE, SECTION } from "../image/layout.ts";
import type { Op, Program } from "../image/program.ts";
import { spellBytes } from "./byte-alphabet-bytes.ts";
import { Charsmap } from "./charsmap.ts";
import { NormalForm } from "./normal-form.ts";
import { type Rewrite, type Rewriter, Rewriting } from "./rewriting.ts";

/** @throws PippinError `TOKENIZER_IMAGE_BROKEN`. */
export function createNormalizer(
  program: Program,
  rewriting: Rewriting = new Rewriting(),
): Rewrite | undefined {
  const steps = program.normalizers.map((op) => stepOf(program, op, rewriting));
  if (steps.length === 0) return undefined;
  return (bytes) => steps.reduce((text, step) => step(text), bytes);
}

function stepOf(program: Program, [code, a, b, c]: Op, rewriting: Rewriting): Rewrite {
  const { image } = program;
  switch (code) {
    case NORMALIZE.map: {
      const map = new CodePointMap(image.section(a, SECTION.codePoints));
      return (bytes) => mapped(map, bytes, rewriting);
    }
    case NORMALIZE.form: {
      const compositions = c === NONE ? undefined : image.section(c, SECTION.compositions);
      const decompositions = image.section(a, SECTION.codePoints);
      const form = new NormalForm(decompositions, image.section(b, SECTION.combining), compositions);
      return (bytes) => form.apply(bytes, rewriting);
    }
    case NORMALIZE.prepend: {
      const before = program.string(a);
      return (bytes) => prepended(before, bytes, 0, bytes.length, rewriting);
    }
    case NORMALIZE.replace: {
      const dfa = new Dfa(image.section(a, SECTION.dfa));
      const content = program.string(b);
      return (bytes) => replaced(dfa, content, bytes, rewriting);
    }
    case NORMALIZE.strip:
      return (bytes) => stripped(bytes, a !== 0, b !== 0, rewriting);
    case NORMALIZE.pad: {
      const table = new CodePointTable(image.section(a, SECTION.combining));
      return (bytes) => padded(table, bytes, rewriting);
    }
    case NORMALIZE.byteAlphabet:
      return (bytes) => spellBytes(bytes, 0, bytes.length, rewriting);
    case NORMALIZE.charsmap: {
      const charsmap = new Charsmap(program, a, b, c);
      return (bytes) => charsmap.apply(bytes, rewriting);
    }
    default:
      throw broken(`it names the unknown normalizer ${code}`);
  }
}

function mapped(map: CodePointMap, bytes: Uint8Array, rewriting: Rewriting): Uint8Array {
  let out: Rewriter | undefined;
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = utf8Length(bytes[at]!);
    const content = map.of(codePointAt(bytes, at, length));
    if (content !== undefined) {
      out ??= rewriting.begin(bytes, bytes.length + 16);
      out.keep(from, at);
      out.put(content, at, at + length);
      from = at + length;
    }
    at += length;
  }
  if (out === undefined) return bytes;
  out.keep(from, bytes.length);
  return out.done();
}

const SPACE = Uint8Array.of(0x20);

function padded(table: CodePointTable, bytes: Uint8Array, rewriting: Rewriting): Uint8Array {
  let out: Rewriter | undefined;
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = utf8Length(bytes[at]!);
    if (table.of(codePointAt(bytes, at, length)) !== 0) {
      out ??= rewriting.begin(bytes, bytes.length + 16);
      out.keep(from, at);
      out.put(SPACE, at, at + length);
      out.keep(at, at + length);
      out.put(SPACE, at, at + length);
      from = at + length;
    }
    at += length;
  }
  if (out === undefined) return bytes;
  out.keep(from, bytes.length);
  return out.done();
}

/** The bytes from `start` to `end` with `before` before them, if they are any. */
export function prepended(
  before: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
  rewriting: Rewriting,
): Uint8Array {
  if (start === end) return rewriting.part(bytes, start, end);
  const out = rewriting.begin(bytes, before.length + end - start);
  out.put(before, start, start + utf8Length(bytes[start]!));
  out.keep(start, end);
  return out.done();
}

/** All matches replaced. What is put there comes from the last character of its match. */
export function replaced(dfa: Dfa, content: Uint8Array, bytes: Uint8Array, rewriting: Rewriting): Uint8Array {
  let out: Rewriter | undefined;
  let from = 0;
  eachMatch(dfa, bytes, 0, bytes.length, (start, end) => {
    out ??= rewriting.begin(bytes, bytes.length + 16);
    out.keep(from, start);
    out.put(content, start < end ? characterBefore(bytes, start, end) : end, end);
    from = end;
  });
  if (out === undefined) return bytes;
  out.keep(from, bytes.length);
  return out.done();
}

function stripped(bytes: Uint8Array, left: boolean, right: boolean, rewriting: Rewriting): Uint8Array {
  let start = 0;
  let end = bytes.length;
  while (left && start < end) {
    const length = utf8Length(bytes[start]!);
    if (!isWhiteSpace(codePointAt(bytes, start, length))) break;
    start += length;
  }
  rewriting.head = Math.max(0, rewriting.head - start);
  while (right && start < end) {
    const last = characterBefore(bytes, start, end);
    if (!isWhiteSpace(codePointAt(bytes, last, end - last))) break;
    end = last;
  }
  return rewriting.part(bytes, start, end);
}

/** The 25 code points that are White_Space in Unicode, which JavaScript's `\s` is not. */
export function isWhiteSpace(codePoint: number): boolean {
  if (codePoint < 0x80) return codePoint === 0x20 || (codePoint >= 9 && codePoint <= 13);
  if (codePoint >= 0x2000 && codePoint <= 0x200a) return true;
  return WIDE_SPACES.includes(codePoint);
}

const WIDE_SPACES = [0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000];
