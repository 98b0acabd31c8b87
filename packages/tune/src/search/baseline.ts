import { setImmediate as nextTurn } from "node:timers/promises";
import { type StageContext, throwIfCancelled } from "@pippin/core";
import type { Decoder, WeightRole } from "@pippin/decoder";
import type { ReplaceProduct, ResidentModel } from "@pippin/decoder/node";
import { ReferenceWords } from "./divergence.ts";

/** Tokens whose logits are held at once. */
const PIECE_TOKENS = 64;

/** What the original model does with the calibration text. */
export class Baseline {
  readonly #decoder: Decoder;
  readonly #model: ResidentModel;
  readonly #windows: readonly (readonly number[])[];
  readonly #words: ReferenceWords;
  /** Tokens of each window. */
  readonly #lengths: readonly number[];
  /** By layer: what it gets, all windows one after the other. */
  readonly #states: Float32Array[] = [];
  readonly #squares = new Map<WeightRole, Float64Array>();
  readonly tokens: number;

  private constructor(decoder: Decoder, model: ResidentModel, windows: readonly (readonly number[])[]) {
    this.#decoder = decoder;
    this.#model = model;
    this.#windows = windows;
    this.#lengths = windows.map(({ length }) => length);
    this.#words = new ReferenceWords(decoder.spec.vocabSize);
    this.tokens = windows.reduce((sum, { length }) => sum + length, 0);
  }

  static async measure(
    decoder: Decoder,
    model: ResidentModel,
    windows: readonly (readonly number[])[],
    { signal }: StageContext,
  ): Promise<Baseline> {
    const baseline = new Baseline(decoder, model, windows);
    await baseline.#read(signal);
    return baseline;
  }

  /** Mean square of each input of a matrix product, `[columns]`; `undefined` where rows are looked up only. */
  meanSquares(role: WeightRole): Float64Array | undefined {
    return this.#squares.get(role)?.map((sum) => sum / this.tokens);
  }

  /**
   * Mean KL divergence, in nats a token, of the model whose products are replaced from a layer on.
   *
   * @param embed - rows of another embedding.
   */
  async divergence(
    from: number,
    replace: ReplaceProduct,
    { signal }: StageContext,
    embed?: (tokens: readonly number[]) => Float32Array,
  ): Promise<number> {
    const hidden = embed?.(this.#windows.flat()) ?? this.#states[from]!.slice();
    for (let layer = from; layer < this.#decoder.spec.layers.length; layer++) {
      this.#model.layer(layer, hidden, this.#lengths, { replace });
      await nextTurn();
      throwIfCancelled(signal);
    }
    let sum = 0;
    for (const { begin, piece } of this.#pieces(hidden)) {
      sum += this.#words.divergence(begin, this.#model.logits(piece, replace));
      await nextTurn();
      throwIfCancelled(signal);
    }
    return sum / this.tokens;
  }

  async #read(signal: AbortSignal | undefined): Promise<void> {
    const hidden = await this.#model.embed(this.#windows.flat());
    for (let layer = 0; layer < this.#decoder.spec.layers.length; layer++) {
      throwIfCancelled(signal);
      this.#states.push(hidden.slice());
      this.#model.layer(layer, hidden, this.#lengths, {
        observe: (role, inputs) => this.#addSquares(role, inputs),
      });
      await nextTurn();
    }
    this.#states.push(hidden.slice());
    for (const { piece } of this.#pieces(hidden)) this.#words.add(this.#model.logits(piece));
  }

  /** Some tokens at a time: the logits of all would take gigabytes. */
  *#pieces(hidden: Float32Array): Generator<{ begin: number; piece: Float32Array }> {
    const width = this.#decoder.spec.hiddenSize;
    for (let begin = 0; begin < this.tokens; begin += PIECE_TOKENS) {
      yield { begin, piece: hidden.subarray(begin * width, (begin + PIECE_TOKENS) * width) };
    }
  }

  #addSquares(role: WeightRole, inputs: Float32Array): void {
    const columns = this.#decoder.weights.expr(role).shape[1]!;
    const sums = this.#squares.get(role) ?? new Float64Array(columns);
    for (let i = 0; i < inputs.length; i++) sums[i % columns]! += inputs[i]! * inputs[i]!;
    this.#squares.set(role, sums);
  }
}
