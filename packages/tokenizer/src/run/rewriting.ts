import { ByteBuffer } from "./byte-buffer.ts";
import type { Origins } from "./origins.ts";

/** Rewrites a text, in UTF-8; may give the bytes it was given. */
export type Rewrite = (bytes: Uint8Array) => Uint8Array;

/** What is known of the text that is being rewritten. */
export class Rewriting {
  /** So many bytes of the text come from the original's first character: a piece that begins there begins the original. */
  head = 0;
  /** Where each byte comes from; only kept when somebody asks. */
  origins: Origins | undefined;

  /** Begins to write what becomes of `source`. */
  begin(source: Uint8Array, capacity: number): Rewriter {
    return this.origins === undefined
      ? new Rewriter(this, source, capacity)
      : new TracingRewriter(this, source, capacity, this.origins);
  }

  part(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const part = bytes.subarray(start, end);
    this.origins?.setPart(part, bytes, start, end);
    return part;
  }
}

/** What becomes of a text: parts of it that stay, and others that are put in the place of something. */
export class Rewriter {
  protected readonly source: Uint8Array;
  protected readonly out: ByteBuffer;
  readonly #rewriting: Rewriting;
  #head = 0;

  constructor(rewriting: Rewriting, source: Uint8Array, capacity: number) {
    this.#rewriting = rewriting;
    this.source = source;
    this.out = new ByteBuffer(capacity);
  }

  keep(start: number, end: number): void {
    const { head } = this.#rewriting;
    if (start < head) this.#head = this.out.length + Math.min(end, head) - start;
    this.out.copy(this.source, start, end);
  }

  /** Writes `content` in the place of the bytes from `from` to `to`. */
  put(content: Uint8Array, from: number, to: number): void {
    this.out.append(content);
    this.#place(from, to);
  }

  putCharacter(codePoint: number, from: number, to: number): void {
    this.out.character(codePoint);
    this.#place(from, to);
  }

  /** What takes no place comes from what is before it. */
  #place(from: number, to: number): void {
    const { head } = this.#rewriting;
    if (from < head || (from === to && from <= head)) this.#head = this.out.length;
  }

  /** The text; the rewriting goes on with it. */
  done(): Uint8Array {
    this.#rewriting.head = this.#head;
    return this.out.bytes();
  }
}

/** Remembers where all comes from. */
class TracingRewriter extends Rewriter {
  readonly #origins: Origins;
  readonly #from: number[] = [];
  readonly #to: number[] = [];

  constructor(rewriting: Rewriting, source: Uint8Array, capacity: number, origins: Origins) {
    super(rewriting, source, capacity);
    this.#origins = origins;
  }

  override keep(start: number, end: number): void {
    super.keep(start, end);
    for (let at = start; at < end; at++) {
      this.#from.push(at);
      this.#to.push(at + 1);
    }
  }

  override put(content: Uint8Array, from: number, to: number): void {
    super.put(content, from, to);
    this.#fill(from, to);
  }

  override putCharacter(codePoint: number, from: number, to: number): void {
    super.putCharacter(codePoint, from, to);
    this.#fill(from, to);
  }

  #fill(from: number, to: number): void {
    while (this.#from.length < this.out.length) {
      this.#from.push(from);
      this.#to.push(to);
    }
  }

  override done(): Uint8Array {
    const bytes = super.done();
    this.#origins.setRewritten(bytes, this.source, this.#from, this.#to);
    return bytes;
  }
}
