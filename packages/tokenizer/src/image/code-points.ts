import { broken, halves, words } from "./image.ts";
import { BLOCK_BITS, BLOCKS } from "./layout.ts";

const EMPTY = new Uint8Array();

/**
 * What single code points become. Section: U32 counts of blocks, entries and bytes of text, and 0; U16 block by code point >> 7; U16
 * entry by block, 0 for code points that stay; U32 begin of each entry's text (and one more); the text in UTF-8.
 */
export class CodePointMap {
  readonly #index: Uint16Array;
  readonly #blocks: Uint16Array;
  readonly #offsets: Uint32Array;
  readonly #text: Uint8Array;

  /** @throws PippinError `TOKENIZER_IMAGE_BROKEN`. */
  constructor(bytes: Uint8Array) {
    const table = words(bytes);
    const [blocks = 0, entries = 0, textBytes = 0] = table;
    if (blocks === 0 || blocks > BLOCKS || entries > 0xffff)
      throw broken("a map of characters has no blocks");
    this.#index = halves(bytes, 16, BLOCKS);
    this.#blocks = halves(bytes, 16 + 2 * BLOCKS, blocks << BLOCK_BITS);
    const at = 4 + (BLOCKS + (blocks << BLOCK_BITS)) / 2;
    this.#offsets = table.subarray(at, at + entries + 2);
    this.#text = bytes.subarray(4 * (at + entries + 2), 4 * (at + entries + 2) + textBytes);
    const inside =
      this.#offsets.length === entries + 2 &&
      this.#text.length === textBytes &&
      this.#index.every((b) => b < blocks);
    if (!inside) throw broken("a map of characters is cut off");
  }

  /** What the code point becomes, in UTF-8, or `undefined` when it stays. */
  of(codePoint: number): Uint8Array | undefined {
    const block = this.#index[codePoint >> BLOCK_BITS];
    if (block === undefined) return undefined;
    const entry = this.#blocks[(block << BLOCK_BITS) | (codePoint & 127)]!;
    if (entry === 0) return undefined;
    const start = this.#offsets[entry];
    const end = this.#offsets[entry + 1];
    return start === undefined || end === undefined ? EMPTY : this.#text.subarray(start, end);
  }
}

/** A small number for each code point. Section: U32 count of blocks and three times 0; U16 block by code point >> 7; U8 by block. */
export class CodePointTable {
  readonly #index: Uint16Array;
  readonly #blocks: Uint8Array;

  /** @throws PippinError `TOKENIZER_IMAGE_BROKEN`. */
  constructor(bytes: Uint8Array) {
    const [blocks = 0] = words(bytes);
    if (blocks === 0 || blocks > BLOCKS) throw broken("a table of characters has no blocks");
    this.#index = halves(bytes, 16, BLOCKS);
    this.#blocks = bytes.subarray(16 + 2 * BLOCKS);
    if (this.#blocks.length < blocks << BLOCK_BITS || this.#index.some((block) => block >= blocks)) {
      throw broken("a table of characters is cut off");
    }
  }

  of(codePoint: number): number {
    return this.#blocks[(this.#index[codePoint >> BLOCK_BITS]! << BLOCK_BITS) | (codePoint & 127)] ?? 0;
  }
}
