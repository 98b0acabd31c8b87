import type { ByteSource } from "@pippin/core";
import { checkpointError, limitExceeded, truncated } from "./errors.ts";
import { MAX_GGUF_HEADER_BYTES } from "./limits.ts";

const FIRST_WINDOW = 256 * 1024;
/** The window grows by half, so that each byte is copied a few times at most, and never far past the header's end. */
const MAX_GROWTH = 8 * 1024 * 1024;

/**
 * Reads the front of a GGUF file in order. The bytes read so far stay in one window, which arrays point into.
 *
 * `need` is asynchronous and must come before the synchronous reads that it covers.
 */
export class GgufCursor {
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  #window: Uint8Array<ArrayBufferLike> = new Uint8Array(0);
  #view = new DataView(new ArrayBuffer(0));
  #position = 0;

  constructor(source: ByteSource, signal?: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  get file(): string {
    return this.#source.name;
  }

  get position(): number {
    return this.#position;
  }

  get bytesLeft(): number {
    return this.#source.byteLength - this.#position;
  }

  holds(bytes: number): boolean {
    return this.#position + bytes <= this.#window.length;
  }

  /** Makes the next `bytes` bytes readable. */
  async need(bytes: number): Promise<void> {
    const end = this.#position + bytes;
    if (end <= this.#window.length) return;
    if (end > this.#source.byteLength) throw truncated(this.file, end, this.#source.byteLength);
    if (end > MAX_GGUF_HEADER_BYTES)
      throw limitExceeded(this.file, `its header has ${end} bytes`, MAX_GGUF_HEADER_BYTES);
    const length = this.#window.length;
    const growth = Math.max(FIRST_WINDOW, Math.min(length / 2, MAX_GROWTH));
    const target = Math.min(Math.max(end, Math.ceil(length + growth)), this.#source.byteLength);
    const grown = new Uint8Array(target);
    grown.set(this.#window);
    grown.set(await this.#source.read(length, target - length, this.#signal), length);
    this.#window = grown;
    this.#view = new DataView(grown.buffer);
  }

  u32(): number {
    const value = this.#view.getUint32(this.#position, true);
    this.#position += 4;
    return value;
  }

  u64(): bigint {
    const value = this.#view.getBigUint64(this.#position, true);
    this.#position += 8;
    return value;
  }

  /**
   * A u64 that counts things of at least `leastBytes` bytes each, which must fit into what is left of the file.
   *
   * @throws PippinError `CHECKPOINT_GGUF_INVALID`.
   */
  count(what: string, leastBytes: number): number {
    const high = this.#view.getUint32(this.#position + 4, true);
    const value = high * 2 ** 32 + this.#view.getUint32(this.#position, true);
    this.#position += 8;
    if (value * leastBytes <= this.bytesLeft) return value;
    throw this.invalid(`${what} is ${value}, which ${this.bytesLeft} bytes left cannot hold`);
  }

  /** Moves past bytes that `need` has made readable. */
  skip(bytes: number): void {
    this.#position += bytes;
  }

  /** The next bytes, as a view into the window. */
  take(bytes: number): Uint8Array {
    this.#position += bytes;
    return this.slice(this.#position - bytes, this.#position);
  }

  /** Bytes that were read before, as a view into the window. */
  slice(begin: number, end: number): Uint8Array {
    return this.#window.subarray(begin, end);
  }

  invalid(reason: string) {
    return checkpointError("CHECKPOINT_GGUF_INVALID", {
      message: `${this.file}: before byte ${this.#position}: ${reason}`,
      hint: "The file is damaged or not a GGUF file; download it again.",
      details: { file: this.file, position: this.#position },
    });
  }
}
