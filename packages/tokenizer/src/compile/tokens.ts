import { bytesOfToken } from "../byte-alphabet.ts";
import { hashBytes } from "../image/hash.ts";
import { MAX_VOCAB, PROGRAM, SECTION, TOKEN_FLAG } from "../image/layout.ts";
import { bitsFor, buildSlots } from "../image/slots.ts";
import { brokenFile } from "../tokenizer-json.ts";
import type { Builder } from "./builder.ts";
import { concatenated } from "./tables.ts";

const UTF8 = new TextEncoder();

/** The tokens of a tokenizer.json by id, while they are collected. */
export class Tokens {
  /** Bytes as the file will hold them. */
  readonly bytes: Uint8Array[] = [];
  readonly flags: number[] = [];
  readonly #byteLevel: boolean;
  readonly #ids = new Map<string, number>();

  /** @param byteLevel - tokens in the byte alphabet are stored as the bytes they spell. */
  constructor(byteLevel: boolean) {
    this.#byteLevel = byteLevel;
  }

  idOf(token: string): number | undefined {
    return this.#ids.get(token);
  }

  /** @throws PippinError `TOKENIZER_BROKEN_FILE` when the id is taken by another token, or too high. */
  add(token: string, id: number, flags: number): void {
    if (!Number.isSafeInteger(id) || id < 0 || id >= MAX_VOCAB) {
      throw brokenFile("tokenizer.json", `token ${JSON.stringify(token)} has the id ${id}`, undefined);
    }
    if (this.flags[id]) {
      throw brokenFile(
        "tokenizer.json",
        `two tokens have the id ${id}, the second is ${JSON.stringify(token)}`,
        undefined,
      );
    }
    const spelled = this.#byteLevel ? bytesOfToken(token) : undefined;
    this.bytes[id] = spelled ?? UTF8.encode(token);
    this.flags[id] =
      flags | TOKEN_FLAG.present | (this.#byteLevel && spelled === undefined ? TOKEN_FLAG.text : 0);
    this.#ids.set(token, id);
  }

  mark(id: number, flags: number): void {
    this.flags[id] = this.flags[id]! | flags;
  }

  setSpecial(id: number, special: boolean): void {
    this.flags[id] = (this.flags[id]! & ~TOKEN_FLAG.special) | (special ? TOKEN_FLAG.special : 0);
  }

  /** Adds the sections of the vocabulary. @returns the flags, which may still be changed before the file is written. */
  write(builder: Builder): Uint8Array {
    const size = this.flags.length;
    const flags = Uint8Array.from({ length: size }, (_, id) => this.flags[id] ?? 0);
    const all = Array.from({ length: size }, (_, id) => this.bytes[id] ?? NOTHING);
    const offsets = new Uint32Array(size + 1);
    all.forEach((bytes, id) => {
      offsets[id + 1] = offsets[id]! + bytes.length;
    });
    const ids = Uint32Array.from(all.keys()).filter((id) => (flags[id]! & TOKEN_FLAG.present) !== 0);
    const hashes = ids.map((id) => hashBytes(all[id]!, 0, all[id]!.length));
    const bits = bitsFor(size);
    builder.words[PROGRAM.idBits] = bits;
    builder.words[PROGRAM.maxTokenBytes] = all.reduce((most, bytes) => Math.max(most, bytes.length), 0);
    builder.writer.add(SECTION.vocabIndex, buildSlots(hashes, ids, bits));
    builder.writer.add(SECTION.tokenOffsets, offsets);
    builder.writer.add(SECTION.tokenFlags, flags);
    builder.writer.add(SECTION.tokenBytes, concatenated(all));
    return flags;
  }
}

const NOTHING = new Uint8Array();
