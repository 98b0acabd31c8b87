/** Code points by class, in blocks of 128: `blocks[(index[codePoint >> 7] << 7) | (codePoint & 127)]`. */
export interface ClassTable {
  readonly index: Uint16Array;
  readonly blocks: Uint8Array;
  readonly count: number;
}

/** A regular expression as a table. `Dfa` of image/dfa.ts executes it. */
export interface RegexDfa {
  readonly classes: ClassTable;
  /** One more than there are classes: the last is the beginning or the end of the text. */
  readonly classCount: number;
  /** By state and class: the next state in the lower 15 bits, 0 for none; 0x8000 where a match ends before this character. */
  readonly transitions: Uint16Array;
  /** By the class of the character before: where to begin. */
  readonly starts: Uint16Array;
}
