import { hashBytes, slotOf } from "./hash.ts";
import { broken, type Image, words } from "./image.ts";
import { PROGRAM, SECTION, TOKEN_FLAG } from "./layout.ts";

/** The tokens of a file by id and by bytes. */
export class Vocabulary {
  /** One more than the highest id. */
  readonly size: number;
  readonly flags: Uint8Array;
  readonly maxTokenBytes: number;
  readonly #bytes: Uint8Array;
  readonly #offsets: Uint32Array;
  readonly #slots: Uint32Array;
  readonly #idMask: number;
  readonly #tagMask: number;
  readonly #idBits: number;

  constructor(image: Image, program: Uint32Array) {
    this.size = image.vocabSize;
    this.flags = image.only(SECTION.tokenFlags);
    this.#offsets = words(image.only(SECTION.tokenOffsets));
    this.#bytes = image.only(SECTION.tokenBytes);
    this.#slots = words(image.only(SECTION.vocabIndex));
    this.maxTokenBytes = program[PROGRAM.maxTokenBytes]!;
    this.#idBits = program[PROGRAM.idBits]!;
    if (this.#idBits < 1 || this.#idBits > 22) throw broken("its vocabulary index is not one");
    this.#idMask = (1 << this.#idBits) - 1;
    this.#tagMask = ~this.#idMask;
    if (this.#offsets.length < this.size + 1 || this.flags.length < this.size || this.#slots.length === 0) {
      throw broken("its vocabulary is cut off");
    }
  }

  /** The token's bytes, in the file; empty for an id without a token. */
  bytesOf(id: number): Uint8Array {
    return this.#bytes.subarray(this.#offsets[id], this.#offsets[id + 1]);
  }

  /** The id of the token with these bytes among those whose flags in `mask` are `wanted`, or −1. */
  find(bytes: Uint8Array, start: number, end: number, mask: number, wanted: number): number {
    return this.findHashed(bytes, start, end, hashBytes(bytes, start, end), mask, wanted);
  }

  findHashed(
    bytes: Uint8Array,
    start: number,
    end: number,
    hash: number,
    mask: number,
    wanted: number,
  ): number {
    const slots = this.#slots;
    const tag = (hash << this.#idBits) >>> 0;
    let slot = slotOf(hash, slots.length);
    // A file that was tampered with may have no empty slot.
    for (let probes = slots.length; probes > 0; probes--) {
      const entry = slots[slot]!;
      if (entry === 0) return -1;
      if ((entry & this.#tagMask) >>> 0 === tag) {
        const id = (entry & this.#idMask) - 1;
        if ((this.flags[id]! & mask) === wanted && this.#equals(id, bytes, start, end)) return id;
      }
      slot = slot + 1 === slots.length ? 0 : slot + 1;
    }
    return -1;
  }

  #equals(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#offsets[id]!;
    if (this.#offsets[id + 1]! - from !== end - start) return false;
    for (let at = start, other = from; at < end; at++, other++) {
      if (this.#bytes[other] !== bytes[at]) return false;
    }
    return true;
  }
}

/** Tokens that the model makes of text. */
export const MODEL_MASK = TOKEN_FLAG.model | TOKEN_FLAG.text;
export const MODEL_WANTED = TOKEN_FLAG.model;
