/**
 * The alphabet in which byte-level vocabularies spell bytes: printable Latin-1 stands for itself, the other 68 bytes
 * follow from U+0100 on, in order. Index: byte. Source: GPT-2's `bytes_to_unicode`.
 */
export const BYTE_ALPHABET: readonly string[] = buildAlphabet();

const BYTE_OF: ReadonlyMap<string, number> = new Map(
  BYTE_ALPHABET.map((character, byte) => [character, byte]),
);

function buildAlphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(printable ? byte : next++);
  });
}

/** The bytes that `token` spells, or `undefined` when a character is outside of the alphabet. */
export function bytesOfToken(token: string): Uint8Array | undefined {
  const bytes = new Uint8Array(token.length);
  let length = 0;
  for (const character of token) {
    const byte = BYTE_OF.get(character);
    if (byte === undefined) return undefined;
    bytes[length++] = byte;
  }
  return bytes.subarray(0, length);
}
