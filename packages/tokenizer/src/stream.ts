import { type DecoderPlan, fallbackByte, tokenBytes } from "./decoder.ts";

/** Turns tokens into text while they arrive. */
export interface StreamDecoder {
  /** The text that this token completes, perhaps none. Never half a character, and never taken back. */
  push(id: number): string;
  /** What was held back; the stream is then empty and can be used for another text. */
  flush(): string;
}

/** The text of one token after another, before any is skipped. */
export interface TokenTexts {
  push(token: string): string;
  flush(): string;
}

/**
 * @param eager - emit a run of byte tokens as soon as it is valid UTF-8. Otherwise at its end, where the reference
 * decides whether the whole run is: only text that contains an invalid run differs.
 */
export function tokenTexts(plan: DecoderPlan, eager: boolean): TokenTexts {
  return plan.kind === "bytes" ? new ByteTexts() : new PieceTexts(plan, eager);
}

/** Byte-level: an incremental UTF-8 decoder holds back at most three bytes. */
class ByteTexts implements TokenTexts {
  readonly #utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

  push(token: string): string {
    return this.#utf8.decode(tokenBytes(token), { stream: true });
  }

  flush(): string {
    return this.#utf8.decode();
  }
}

/** SentencePiece: text tokens, with runs of byte tokens that are held until they are whole characters. */
class PieceTexts implements TokenTexts {
  readonly #plan: DecoderPlan & { kind: "text" };
  readonly #eager: boolean;
  #run: number[] = [];
  #first = true;
  #toStrip: number;

  constructor(plan: DecoderPlan & { kind: "text" }, eager: boolean) {
    this.#plan = plan;
    this.#eager = eager;
    this.#toStrip = plan.strip.count;
  }

  push(token: string): string {
    const first = this.#first;
    this.#first = false;
    const byte = this.#plan.byteFallback ? fallbackByte(token) : undefined;
    if (byte === undefined) return this.#strip(this.#endRun() + this.#replace(token, first));
    this.#run.push(byte);
    const text = this.#eager ? strictUtf8(this.#run) : undefined;
    if (text === undefined) return "";
    this.#run = [];
    return this.#strip(text);
  }

  flush(): string {
    const text = this.#strip(this.#endRun());
    this.#first = true;
    this.#toStrip = this.#plan.strip.count;
    return text;
  }

  /** An invalid run is one U+FFFD for each of its bytes, as the reference's `ByteFallback` has it. */
  #endRun(): string {
    const text = strictUtf8(this.#run) ?? "\uFFFD".repeat(this.#run.length);
    this.#run = [];
    return text;
  }

  #replace(token: string, first: boolean): string {
    let text = token;
    if (first && this.#plan.droppedInFirst) text = text.replaceAll(this.#plan.droppedInFirst, "");
    for (const { from, to } of this.#plan.replace) text = text.replaceAll(from, to);
    return text;
  }

  #strip(text: string): string {
    let start = 0;
    for (; this.#toStrip > 0 && start < text.length; start++) {
      if (text[start] !== this.#plan.strip.character) {
        this.#toStrip = 0;
        break;
      }
      this.#toStrip--;
    }
    return text.slice(start);
  }
}

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function strictUtf8(bytes: readonly number[]): string | undefined {
  try {
    return STRICT.decode(Uint8Array.from(bytes));
  } catch {
    // Not UTF-8, or not yet: both are ordinary here.
    return undefined;
  }
}
