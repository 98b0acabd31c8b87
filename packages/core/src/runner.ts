/** Something that computes next-token logits: a converted package, or the original weights. */
export interface Runner {
  readonly vocabSize: number;
  readonly contextLength: number;
  /** A fresh conversation. Sessions of one runner share its weights; one of them may compute at a time. */
  start(): Session;
  /**
   * Computes a text from an empty context in the fastest way there is, and shows the inside of it to an observer.
   * Absent where only sessions exist: they give the same rows, and nothing to see.
   *
   * @returns F32 logits of every token, `[tokens, vocabSize]` row-major.
   */
  evaluate?(tokens: readonly number[], options?: EvaluateOptions): Promise<Float32Array>;
  /** Frees weights and worker threads. */
  close(): Promise<void>;
}

export interface EvaluateOptions {
  readonly signal?: AbortSignal | undefined;
  readonly observer?: Observer | undefined;
}

/** Sees values while they are computed. Arrays belong to the runner: copy what has to outlive the call. */
export interface Observer {
  /**
   * The residual stream after a layer.
   *
   * @param hidden - `[rows, hiddenSize]` F32, row-major; tokens of padding are left out.
   * @param position - of the first row; a runner may compute a text in pieces.
   */
  layer?(layer: number, hidden: Float32Array, position: number): void;
  /** A value that follows from the tokens and that the package keeps in fp16: what can overflow on a device. */
  value?(value: ObservedValue): void;
}

export interface ObservedValue {
  /** The layer that computes it; the number of layers for what follows the last one. */
  readonly layer: number;
  /** As the package names it. */
  readonly name: string;
  /** With the tokens of padding. */
  readonly shape: readonly number[];
  /** Row-major; infinite where the value overflowed. */
  readonly data: Float32Array;
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
