import { PippinError } from "@pippin/core";
import type { TokenizerErrorCode } from "../errors.ts";
import { crc32 } from "./crc32.ts";
import { ALIGNMENT, ENTRY, HEADER, MAGIC, MAX_VOCAB, type SECTION, VERSION } from "./layout.ts";

/** Bounds on a file from elsewhere; a real one has about twenty sections. */
const MAX_SECTIONS = 4096;

interface Section {
  readonly kind: number;
  readonly checksum: number;
  readonly bytes: Uint8Array;
}

/** A compiled tokenizer file whose header and section table are checked. Nothing is copied. */
export class Image {
  readonly vocabSize: number;
  /** Zeros when the compiler was not told. */
  readonly sourceSha256: Uint8Array;
  readonly #sections: readonly Section[];

  /** @throws PippinError `TOKENIZER_IMAGE_BROKEN`. */
  constructor(bytes: Uint8Array) {
    // A Buffer's `slice` would not copy.
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const image = plain.byteOffset % 8 === 0 ? plain : plain.slice();
    if (image.length < HEADER.bytes || MAGIC.some((byte, at) => image[at] !== byte)) {
      throw broken("it does not begin as a compiled tokenizer does");
    }
    const view = new DataView(image.buffer, image.byteOffset, image.length);
    const version = view.getUint32(HEADER.version, true);
    if (version !== VERSION) throw broken(`its version is ${version}, known is ${VERSION}`);
    const fileBytes = Number(view.getBigUint64(HEADER.fileBytes, true));
    if (fileBytes !== image.length)
      throw broken(`it has ${image.length} bytes, its header says ${fileBytes}`);
    const count = view.getUint32(HEADER.sectionCount, true);
    const tableEnd = HEADER.bytes + count * ENTRY.bytes;
    if (count > MAX_SECTIONS || tableEnd > image.length) throw broken(`it claims ${count} sections`);
    checkHeader(image.subarray(0, tableEnd), view.getUint32(HEADER.checksum, true));
    this.vocabSize = view.getUint32(HEADER.vocabSize, true);
    if (this.vocabSize > MAX_VOCAB) throw broken(`it claims ${this.vocabSize} tokens`);
    this.sourceSha256 = image.slice(HEADER.sourceSha256, HEADER.sourceSha256 + 32);
    this.#sections = Array.from({ length: count }, (_, number) => sectionAt(image, view, number, tableEnd));
  }

  /** The bytes of section `number`, which is to be of `kind`. */
  section(number: number, kind: number): Uint8Array {
    const section = this.#sections[number];
    if (section?.kind !== kind) throw broken(`section ${number} is not of kind ${kind}`);
    return section.bytes;
  }

  /** The bytes of the only section of `kind`; empty when there is none. */
  only(kind: (typeof SECTION)[keyof typeof SECTION]): Uint8Array {
    return this.#sections.find((section) => section.kind === kind)?.bytes ?? new Uint8Array();
  }

  /** Kinds and lengths of all sections. */
  sizes(): { kind: number; bytes: number }[] {
    return this.#sections.map(({ kind, bytes }) => ({ kind, bytes: bytes.length }));
  }

  has(kind: (typeof SECTION)[keyof typeof SECTION]): boolean {
    return this.#sections.some((section) => section.kind === kind);
  }

  /**
   * Checks all bytes against the checksums of their sections.
   *
   * @throws PippinError `TOKENIZER_IMAGE_BROKEN`.
   */
  verify(): void {
    this.#sections.forEach(({ bytes, checksum, kind }, number) => {
      if (crc32(bytes) !== checksum)
        throw broken(`section ${number} of kind ${kind} does not match its checksum`);
    });
  }
}

function checkHeader(header: Uint8Array, checksum: number): void {
  const copy = header.slice();
  copy.fill(0, HEADER.checksum, HEADER.checksum + 4);
  if (crc32(copy) !== checksum) throw broken("its header does not match its checksum");
}

function sectionAt(image: Uint8Array, view: DataView, number: number, tableEnd: number): Section {
  const entry = HEADER.bytes + number * ENTRY.bytes;
  const offset = Number(view.getBigUint64(entry + ENTRY.offset, true));
  const length = Number(view.getBigUint64(entry + ENTRY.length, true));
  if (offset % ALIGNMENT !== 0 || offset < tableEnd || length > image.length - offset) {
    throw broken(`section ${number} lies outside of it`);
  }
  return {
    kind: view.getUint32(entry + ENTRY.kind, true),
    checksum: view.getUint32(entry + ENTRY.checksum, true),
    bytes: image.subarray(offset, offset + length),
  };
}

export function broken(reason: string): PippinError<TokenizerErrorCode> {
  return new PippinError("TOKENIZER_IMAGE_BROKEN", {
    message: `the compiled tokenizer cannot be used: ${reason}`,
    hint: "Export the tokenizer again with pippin tokenizer export.",
    details: { reason },
  });
}

/** Bytes of a section as numbers of 32 bits; sections are aligned. */
export function words(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
}

export function halves(bytes: Uint8Array, at: number, count: number): Uint16Array {
  if (at + 2 * count > bytes.length) throw broken("a table is cut off");
  return new Uint16Array(bytes.buffer, bytes.byteOffset + at, count);
}
