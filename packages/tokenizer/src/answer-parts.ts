/** What a piece of an answer is. */
export type AnswerKind = "text" | "thinking" | "toolCall";

export interface AnswerPart {
  readonly kind: AnswerKind;
  readonly text: string;
  /** The part ends here: its closing tag was read, or the answer ended. */
  readonly ended: boolean;
}

export interface AnswerTags {
  /** Default `<think>` and `</think>`, as Qwen3, DeepSeek R1 and SmolLM3 write them. */
  readonly thinking?: readonly [open: string, close: string];
  /** Default `<tool_call>` and `</tool_call>`, around JSON. */
  readonly toolCall?: readonly [open: string, close: string];
  /** What the prompt has opened already: some templates end with `<think>`. */
  readonly begins?: AnswerKind;
}

/** Tells thoughts and tool calls from the text of an answer while it arrives. The tags themselves are left out. */
export class AnswerParts {
  readonly #tags: readonly { kind: AnswerKind; open: string; close: string }[];
  #kind: AnswerKind;
  /** What may be the beginning of a tag. */
  #held = "";

  constructor({
    thinking = ["<think>", "</think>"],
    toolCall = ["<tool_call>", "</tool_call>"],
    begins = "text",
  }: AnswerTags = {}) {
    this.#tags = [
      { kind: "thinking", open: thinking[0], close: thinking[1] },
      { kind: "toolCall", open: toolCall[0], close: toolCall[1] },
    ];
    this.#kind = begins;
  }

  /** Takes what a stream gave; a tag may come in pieces. */
  push(text: string): AnswerPart[] {
    const parts: AnswerPart[] = [];
    let rest = this.#held + text;
    for (;;) {
      const found = this.#nextTag(rest);
      if (found === undefined) break;
      const ended = this.#kind !== "text" || found.at > 0;
      if (ended) parts.push({ kind: this.#kind, text: rest.slice(0, found.at), ended: true });
      this.#kind = found.kind;
      rest = rest.slice(found.at + found.tag.length);
    }
    const keep = this.#heldBack(rest);
    this.#held = rest.slice(rest.length - keep);
    const shown = rest.slice(0, rest.length - keep);
    if (shown !== "") parts.push({ kind: this.#kind, text: shown, ended: false });
    return parts;
  }

  /** What was held back. */
  flush(): AnswerPart[] {
    const text = this.#held;
    this.#held = "";
    return text === "" ? [] : [{ kind: this.#kind, text, ended: true }];
  }

  /** Tags that count now: inside of a thought or a call only the closing one. */
  #expected(): readonly { kind: AnswerKind; tag: string }[] {
    if (this.#kind === "text") return this.#tags.map(({ kind, open }) => ({ kind, tag: open }));
    const { close } = this.#tags.find(({ kind }) => kind === this.#kind)!;
    return [{ kind: "text", tag: close }];
  }

  #nextTag(text: string): { kind: AnswerKind; tag: string; at: number } | undefined {
    const found = this.#expected().map((one) => ({ ...one, at: text.indexOf(one.tag) }));
    return found.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at)[0];
  }

  /** How much of the end may be the beginning of a tag. */
  #heldBack(text: string): number {
    const lengths = this.#expected().map(({ tag }) => {
      for (let length = Math.min(tag.length - 1, text.length); length > 0; length--) {
        if (text.endsWith(tag.slice(0, length))) return length;
      }
      return 0;
    });
    return Math.max(...lengths);
  }
}
