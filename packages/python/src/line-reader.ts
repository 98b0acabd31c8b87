import { stripVTControlCharacters } from "node:util";

/** A line of JSON of the protocol is far shorter; of anything longer the rest is dropped. */
const MAX_LINE = 1 << 20;

/** Cuts what a program prints into lines, whatever it is: bytes that are no text, no end of line for megabytes. */
export class LineReader {
  readonly #decoder = new TextDecoder("utf-8", { fatal: false });
  readonly #onLine: (line: string) => void;
  #rest = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(bytes: Uint8Array): void {
    this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  end(): void {
    this.#take(this.#decoder.decode());
    if (this.#rest !== "") this.#onLine(this.#rest);
    this.#rest = "";
  }

  /** A carriage return ends a line too: progress bars redraw theirs. */
  #take(text: string): void {
    const lines = text.split(/\r\n|\n|\r/);
    lines[0] = (this.#rest + lines[0]).slice(0, MAX_LINE);
    this.#rest = lines.pop()!.slice(0, MAX_LINE); // split gives at least one
    for (const line of lines) this.#onLine(line.slice(0, MAX_LINE));
  }
}

/** A line as it can stand in a log or a message: no colors, no control characters, no passwords of URLs. */
export function cleanLine(line: string): string {
  return stripVTControlCharacters(line)
    .replaceAll(/\p{Cc}/gu, " ")
    .replaceAll(/(\w+:\/\/)[^\s/@]+@/g, "$1…@")
    .trimEnd();
}
