import { crc32 } from "./crc32.ts";
import { ALIGNMENT, ENTRY, HEADER, MAGIC, VERSION } from "./layout.ts";

export interface ImageSection {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

/** Collects sections and writes the file. */
export class ImageWriter {
  readonly #sections: ImageSection[] = [];

  /** @returns the number of the section, by which ops name it. */
  add(kind: number, content: ArrayBufferView): number {
    const bytes = new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
    return this.#sections.push({ kind, bytes }) - 1;
  }

  /** @param last - sections behind those that were added. */
  finish(vocabSize: number, sourceSha256: Uint8Array | undefined, last: readonly ImageSection[]): Uint8Array {
    const sections = [...this.#sections, ...last];
    const tableEnd = HEADER.bytes + sections.length * ENTRY.bytes;
    let end = align(tableEnd);
    const offsets = sections.map(({ bytes }) => {
      const offset = end;
      end = align(offset + bytes.length);
      return offset;
    });
    const image = new Uint8Array(end);
    const view = new DataView(image.buffer);
    image.set(MAGIC);
    view.setUint32(HEADER.version, VERSION, true);
    view.setUint32(HEADER.sectionCount, sections.length, true);
    view.setBigUint64(HEADER.fileBytes, BigInt(end), true);
    view.setUint32(HEADER.vocabSize, vocabSize, true);
    if (sourceSha256 !== undefined) image.set(sourceSha256.subarray(0, 32), HEADER.sourceSha256);
    sections.forEach(({ kind, bytes }, number) => {
      const entry = HEADER.bytes + number * ENTRY.bytes;
      view.setUint32(entry + ENTRY.kind, kind, true);
      view.setUint32(entry + ENTRY.checksum, crc32(bytes), true);
      view.setBigUint64(entry + ENTRY.offset, BigInt(offsets[number]!), true);
      view.setBigUint64(entry + ENTRY.length, BigInt(bytes.length), true);
      image.set(bytes, offsets[number]!);
    });
    view.setUint32(HEADER.checksum, crc32(image.subarray(0, tableEnd)), true);
    return image;
  }
}

function align(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
