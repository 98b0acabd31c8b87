/** A list of ids that grows. */
export class Ids {
  data: Uint32Array = new Uint32Array(1024);
  length = 0;

  push(id: number): void {
    if (this.length === this.data.length) this.#grow(this.length + 1);
    this.data[this.length++] = id;
  }

  pushPair(first: number, second: number): void {
    this.push(first);
    this.push(second);
  }

  append(ids: Uint32Array, start: number, end: number): void {
    const count = end - start;
    if (this.length + count > this.data.length) this.#grow(this.length + count);
    for (let at = start; at < end; at++) this.data[this.length++] = ids[at]!;
  }

  #grow(least: number): void {
    const data = new Uint32Array(Math.max(least, 2 * this.data.length));
    data.set(this.data);
    this.data = data;
  }
}

/** Cuts a piece of text, the bytes of `bytes` from `start` to `end`, which are not none, into tokens. */
export interface Model {
  /** @param spans - gets two numbers for each id: where in `bytes` its token begins and ends. */
  tokenize(bytes: Uint8Array, start: number, end: number, ids: Ids, spans?: Ids): void;
}
