import { broken, words } from "./image.ts";
import { NONE } from "./layout.ts";

/** Words before the tables: count of nodes, count of patterns. */
export const TRIE_HEAD = 2;

/**
 * Byte strings by their bytes. Nodes are in breadth-first order, so that the children of a node lie beside each other. Section:
 * `TRIE_HEAD` words; U32 first child by node (and one more); U32 value by node; three U32 words a pattern; U8 label by node.
 */
export class Trie {
  /** Three words each, whatever they mean to the owner. */
  readonly patterns: Uint32Array;
  readonly #children: Uint32Array;
  readonly #values: Uint32Array;
  readonly #labels: Uint8Array;
  /** Child of the root by byte, 0 for none. */
  readonly #first: Uint32Array = new Uint32Array(256);

  /** @throws PippinError `TOKENIZER_IMAGE_BROKEN`. */
  constructor(bytes: Uint8Array) {
    const table = words(bytes);
    const [nodes = 0, patterns = 0] = table;
    const end = TRIE_HEAD + 2 * nodes + 1 + 3 * patterns;
    if (nodes === 0 || 4 * end + nodes > bytes.length) throw broken("its tokens are cut off");
    this.#children = table.subarray(TRIE_HEAD, TRIE_HEAD + nodes + 1);
    this.#values = table.subarray(TRIE_HEAD + nodes + 1, TRIE_HEAD + 2 * nodes + 1);
    this.patterns = table.subarray(TRIE_HEAD + 2 * nodes + 1, end);
    this.#labels = bytes.subarray(4 * end, 4 * end + nodes);
    const last = Math.min(this.#children[1]!, nodes);
    for (let child = this.#children[0]!; child < last; child++) this.#first[this.#labels[child]!] = child;
  }

  /** Whether a pattern begins with this byte. */
  begins(byte: number): boolean {
    return this.#first[byte] !== 0;
  }

  /** The child of `node` (0: the root) for `byte`, 0 for none. */
  child(node: number, byte: number): number {
    if (node === 0) return this.#first[byte]!;
    let low = this.#children[node]!;
    let high = Math.min(this.#children[node + 1]!, this.#labels.length);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const label = this.#labels[middle]!;
      if (label === byte) return middle;
      if (label < byte) low = middle + 1;
      else high = middle;
    }
    return 0;
  }

  /** The value of a node where a pattern ends, or `NONE`. */
  valueOf(node: number): number {
    return this.#values[node] ?? NONE;
  }
}
