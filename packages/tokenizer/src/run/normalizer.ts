import { CodePointMap, CodePointTable } from "../image/code-points.ts";
import { codePointAt, Dfa, eachMatch, utf8Length } from "../image/dfa.ts";
import { broken } from "../image/image.ts";
import { NONE, NORMALIZE, SECTION } from "../image/layout.ts";
import type { Op, Program } from "../image/program.ts";
import { spellBytes } from "./byte-alphabet-bytes.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import { NormalForm } from "./normal-form.ts";

/** Rewrites a text, in UTF-8; may give the bytes it was given. */
export type Rewrite = (bytes: Uint8Array) => Uint8Array;

/** What a rewriting did to the beginning of a text. */
export interface Beginning {
  /** The first characters are gone: what is left does not stand at the beginning of the original. */
  cut: boolean;
}

/** @throws PippinError `TOKENIZER_IMAGE_BROKEN`. */
export function createNormalizer(
  program: Program,
  beginning: Beginning = { cut: false },
): Rewrite | undefined {
  const steps = program.normalizers.map((op) => stepOf(program, op, beginning));
  if (steps.length === 0) return undefined;
  return (bytes) => {
    beginning.cut = false;
    return steps.reduce((text, step) => step(text), bytes);
  };
}

function stepOf(program: Program, [code, a, b, c]: Op, beginning: Beginning): Rewrite {
  const { image } = program;
  switch (code) {
    case NORMALIZE.map: {
      const map = new CodePointMap(image.section(a, SECTION.codePoints));
      return (bytes) => mapped(map, bytes, beginning);
    }
    case NORMALIZE.form: {
      const compositions = c === NONE ? undefined : image.section(c, SECTION.compositions);
      const decompositions = image.section(a, SECTION.codePoints);
      const form = new NormalForm(decompositions, image.section(b, SECTION.combining), compositions);
      return (bytes) => form.apply(bytes);
    }
    case NORMALIZE.prepend: {
      const before = program.string(a);
      return (bytes) => (bytes.length === 0 ? bytes : joined(before, bytes));
    }
    case NORMALIZE.replace: {
      const dfa = new Dfa(image.section(a, SECTION.dfa));
      const content = program.string(b);
      return (bytes) => replaced(dfa, content, bytes, beginning);
    }
    case NORMALIZE.strip:
      return (bytes) => stripped(bytes, a !== 0, b !== 0, beginning);
    case NORMALIZE.pad: {
      const table = new CodePointTable(image.section(a, SECTION.combining));
      return (bytes) => padded(table, bytes);
    }
    case NORMALIZE.byteAlphabet:
      return (bytes) => spellBytes(bytes, 0, bytes.length);
    default:
      throw broken(`it names the unknown normalizer ${code}`);
  }
}

function mapped(map: CodePointMap, bytes: Uint8Array, beginning: Beginning): Uint8Array {
  let out: ByteBuffer | undefined;
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = utf8Length(bytes[at]!);
    const content = map.of(codePointAt(bytes, at, length));
    if (content !== undefined) {
      if (at === 0 && content.length === 0) beginning.cut = true;
      out ??= new ByteBuffer(bytes.length + 16);
      out.copy(bytes, from, at);
      out.append(content);
      from = at + length;
    }
    at += length;
  }
  if (out === undefined) return bytes;
  out.copy(bytes, from, bytes.length);
  return out.bytes();
}

const SPACE = Uint8Array.of(0x20);

function padded(table: CodePointTable, bytes: Uint8Array): Uint8Array {
  let out: ByteBuffer | undefined;
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = utf8Length(bytes[at]!);
    if (table.of(codePointAt(bytes, at, length)) !== 0) {
      out ??= new ByteBuffer(bytes.length + 16);
      out.copy(bytes, from, at);
      out.append(SPACE);
      out.copy(bytes, at, at + length);
      out.append(SPACE);
      from = at + length;
    }
    at += length;
  }
  if (out === undefined) return bytes;
  out.copy(bytes, from, bytes.length);
  return out.bytes();
}

export function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const out = new Uint8Array(first.length + second.length);
  out.set(first);
  out.set(second, first.length);
  return out;
}

/** All matches replaced. */
export function replaced(
  dfa: Dfa,
  content: Uint8Array,
  bytes: Uint8Array,
  beginning?: Beginning,
): Uint8Array {
  let out: ByteBuffer | undefined;
  let from = 0;
  eachMatch(dfa, bytes, 0, bytes.length, (start, end) => {
    if (start === 0 && end > 0 && content.length === 0 && beginning) beginning.cut = true;
    out ??= new ByteBuffer(bytes.length + 16);
    out.copy(bytes, from, start);
    out.append(content);
    from = end;
  });
  if (out === undefined) return bytes;
  out.copy(bytes, from, bytes.length);
  return out.bytes();
}

function stripped(bytes: Uint8Array, left: boolean, right: boolean, beginning: Beginning): Uint8Array {
  let start = 0;
  let end = bytes.length;
  while (left && start < end) {
    const length = utf8Length(bytes[start]!);
    if (!isWhiteSpace(codePointAt(bytes, start, length))) break;
    start += length;
  }
  if (start > 0) beginning.cut = true;
  while (right && start < end) {
    const last = characterBefore(bytes, start, end);
    if (!isWhiteSpace(codePointAt(bytes, last, end - last))) break;
    end = last;
  }
  return bytes.subarray(start, end);
}

/** Where the character that ends at `end` begins. */
export function characterBefore(bytes: Uint8Array, start: number, end: number): number {
  let at = end - 1;
  while (at > start && (bytes[at]! & 0xc0) === 0x80) at--;
  return at;
}

/** The 25 code points that are White_Space in Unicode, which JavaScript's `\s` is not. */
export function isWhiteSpace(codePoint: number): boolean {
  if (codePoint < 0x80) return codePoint === 0x20 || (codePoint >= 9 && codePoint <= 13);
  if (codePoint >= 0x2000 && codePoint <= 0x200a) return true;
  return WIDE_SPACES.includes(codePoint);
}

const WIDE_SPACES = [0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000];
