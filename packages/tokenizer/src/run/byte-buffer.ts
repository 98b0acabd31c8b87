/** Bytes that are written one after another. */
export class ByteBuffer {
  data: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity = 256) {
    this.data = new Uint8Array(capacity);
  }

  /** Copies from `start` to `end`. */
  copy(bytes: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.reserve(count);
    if (count < 16) for (let at = start; at < end; at++) this.data[this.length++] = bytes[at]!;
    else {
      this.data.set(bytes.subarray(start, end), this.length);
      this.length += count;
    }
  }

  append(bytes: Uint8Array): void {
    this.copy(bytes, 0, bytes.length);
  }

  /** Writes a code point in UTF-8. */
  character(codePoint: number): void {
    this.reserve(4);
    const { data } = this;
    if (codePoint < 0x80) {
      data[this.length++] = codePoint;
    } else if (codePoint < 0x800) {
      data[this.length++] = 0xc0 | (codePoint >> 6);
      data[this.length++] = 0x80 | (codePoint & 0x3f);
    } else if (codePoint < 0x10000) {
      data[this.length++] = 0xe0 | (codePoint >> 12);
      data[this.length++] = 0x80 | ((codePoint >> 6) & 0x3f);
      data[this.length++] = 0x80 | (codePoint & 0x3f);
    } else {
      data[this.length++] = 0xf0 | (codePoint >> 18);
      data[this.length++] = 0x80 | ((codePoint >> 12) & 0x3f);
      data[this.length++] = 0x80 | ((codePoint >> 6) & 0x3f);
      data[this.length++] = 0x80 | (codePoint & 0x3f);
    }
  }

  reserve(count: number): void {
    if (this.length + count <= this.data.length) return;
    const data = new Uint8Array(Math.max(2 * this.data.length, this.length + count));
    data.set(this.data.subarray(0, this.length));
    this.data = data;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.data.subarray(0, this.length);
  }
}
