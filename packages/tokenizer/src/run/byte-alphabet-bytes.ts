import { BYTE_ALPHABET } from "../byte-alphabet.ts";
import { ByteBuffer } from "./byte-buffer.ts";

const CODES: readonly number[] = BYTE_ALPHABET.map((character) => character.codePointAt(0)!);

/** The bytes from `start` to `end` as characters of the byte alphabet, in UTF-8. */
export function spellBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const out = new ByteBuffer(2 * (end - start));
  for (let at = start; at < end; at++) out.character(CODES[bytes[at]!]!);
  return out.bytes();
}
