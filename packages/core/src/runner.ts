/** Something that computes next-token logits: a converted package, or the original weights. */
export interface Runner {
  readonly vocabSize: number;
  readonly contextLength: number;
  /** A fresh conversation. Sessions of one runner share its weights; one of them may compute at a time. */
  start(): Session;
  /** Frees weights and worker threads. */
  close(): Promise<void>;
}

export interface FeedOptions {
  readonly signal?: AbortSignal | undefined;
  /** `last` (default): one row. `all`: a row for each token fed. */
  readonly rows?: "last" | "all";
}

export interface Session {
  /** Tokens fed so far. */
  readonly length: number;
  /**
   * Appends tokens and computes.
   *
   * @returns F32 logits, `[rows, vocabSize]` row-major; the row of a token predicts the one after it.
   */
  feed(tokens: readonly number[], options?: FeedOptions): Promise<Float32Array>;
  /** Forgets all tokens from position `length` on. */
  rewind(length: number): void;
}
