import { SECTION } from "../image/layout.ts";
import { brokenFile } from "../tokenizer-json.ts";
import { graphemeCluster } from "../unicode/segments.ts";
import type { Builder } from "./builder.ts";
import { trieSection } from "./tables.ts";

const FILE = "tokenizer.json, normalizer Precompiled";
const TEXT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const UTF8 = new TextEncoder();

/**
 * Compiles SentencePiece's `precompiled_charsmap`: U32 bytes of a trie, the trie, and what its entries become, each ended by a zero.
 * Of entries that begin with another one only that one counts.
 *
 * @returns the operands of `NORMALIZE.charsmap`.
 * @throws PippinError `TOKENIZER_BROKEN_FILE`.
 */
export function compileCharsmap(builder: Builder, base64: string): [number, number, number] {
  const bytes = fromBase64(base64);
  const view = new DataView(bytes.buffer);
  const count = bytes.length < 4 ? -1 : Math.floor(view.getUint32(0, true) / 4);
  if (count < 1 || 4 + 4 * count > bytes.length) throw broken("its trie is cut off");
  const units = Uint32Array.from({ length: count }, (_, i) => view.getUint32(4 + 4 * i, true));
  const texts = bytes.subarray(4 + 4 * count);
  const characters = new Map<number, string>();
  const sequences: { bytes: Uint8Array; value: number }[] = [];
  for (const { key, value } of entriesOf(units)) {
    const content = textAt(texts, value);
    const characterCount = Array.from(key).length;
    if (characterCount === 1) characters.set(key.codePointAt(0)!, content);
    else sequences.push({ bytes: UTF8.encode(key), value: builder.string(content) });
  }
  return [
    builder.codePointMap(characters),
    builder.writer.add(SECTION.trie, trieSection(sequences, new Uint32Array())),
    builder.regex("(a grapheme cluster)", graphemeCluster()),
  ];
}

/** The shortest keys of a double array. Source: Darts-clone, by S. Yata: 8 bits label, 1 bit leaf, the rest an offset. */
function entriesOf(units: Uint32Array): { key: string; value: number }[] {
  const entries: { key: string; value: number }[] = [];
  const seen = new Set<number>();
  const stack = [{ node: offsetOf(units[0]!), key: [] as readonly number[] }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    for (let byte = 1; byte < 256; byte++) {
      const at = top.node ^ byte;
      const unit = units[at];
      if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) continue;
      if (seen.has(at)) throw broken("its trie is no tree");
      seen.add(at);
      const node = at ^ offsetOf(unit);
      const key = [...top.key, byte];
      if (unit & 0x100) entries.push({ key: textOf(key), value: (units[node] ?? 0x7fffffff) & 0x7fffffff });
      else stack.push({ node, key });
    }
  }
  return entries;
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

function textOf(bytes: readonly number[]): string {
  try {
    return TEXT.decode(Uint8Array.from(bytes));
  } catch (cause) {
    throw broken("an entry is no text", cause);
  }
}

function textAt(texts: Uint8Array, start: number): string {
  const end = texts.indexOf(0, start);
  if (start > texts.length) throw broken("an entry leads outside of it");
  try {
    return TEXT.decode(texts.subarray(start, end < 0 ? texts.length : end));
  } catch (cause) {
    throw broken("what an entry becomes is no text", cause);
  }
}

function fromBase64(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw broken("it is no base64", cause);
  }
}

function broken(reason: string, cause?: unknown): Error {
  return brokenFile(FILE, `precompiled_charsmap: ${reason}`, cause);
}
