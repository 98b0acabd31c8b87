import { BYTE_ALPHABET } from "../byte-alphabet.ts";
import { utf8Length } from "../image/dfa.ts";
import type { Rewriting } from "./rewriting.ts";

const CODES: readonly number[] = BYTE_ALPHABET.map((character) => character.codePointAt(0)!);

/** The bytes from `start` to `end`, whole characters, as characters of the byte alphabet, in UTF-8. */
export function spellBytes(bytes: Uint8Array, start: number, end: number, rewriting: Rewriting): Uint8Array {
  const out = rewriting.begin(bytes, 2 * (end - start));
  for (let at = start; at < end; ) {
    const stop = Math.min(end, at + utf8Length(bytes[at]!));
    for (let byte = at; byte < stop; byte++) out.putCharacter(CODES[bytes[byte]!]!, at, stop);
    at = stop;
  }
  return out.done();
}
