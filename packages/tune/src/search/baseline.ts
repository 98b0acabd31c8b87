import { setImmediate as nextTurn } from "node:timers/promises";
import { type StageContext, throwIfCancelled } from "@pippin/core";
import type { Decoder, WeightRole } from "@pippin/decoder";
import type { ReplaceProduct, ResidentModel } from "@pippin/decoder/node";
import { ReferenceWords } from "./divergence.ts";

/** What the original model does with the calibration text. */
export class Baseline {
  readonly #decoder: Decoder;
  readonly #model: ResidentModel;
  readonly #windows: readonly (readonly number[])[];
  readonly #words: ReferenceWords;
  /** By layer, of each window: what the layer gets. */
  readonly #states: Float32Array[][] = [];
  readonly #squares = new Map<WeightRole, Float64Array>();
  readonly tokens: number;

  private constructor(decoder: Decoder, model: ResidentModel, windows: readonly (readonly number[])[]) {
    this.#decoder = decoder;
    this.#model = model;
    this.#windows = windows;
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
    for (const window of windows) {
      throwIfCancelled(signal);
      await baseline.#read(window);
    }
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
    let sum = 0;
    for (const [index, window] of this.#windows.entries()) {
      const hidden = embed?.(window) ?? this.#states[from]![index]!.slice();
      for (let layer = from; layer < this.#decoder.spec.layers.length; layer++) {
        this.#model.layer(layer, hidden, { replace });
      }
      sum += this.#words.divergence(index, this.#model.logits(hidden, replace));
      await nextTurn();
      throwIfCancelled(signal);
    }
    return sum / this.tokens;
  }

  async #read(window: readonly number[]): Promise<void> {
    const hidden = await this.#model.embed(window);
    for (let layer = 0; layer < this.#decoder.spec.layers.length; layer++) {
      this.#keep(layer, hidden);
      this.#model.layer(layer, hidden, { observe: (role, inputs) => this.#addSquares(role, inputs) });
      await nextTurn();
    }
    this.#keep(this.#decoder.spec.layers.length, hidden);
    this.#words.add(this.#model.logits(hidden));
  }

  #keep(layer: number, hidden: Float32Array): void {
    const states = this.#states[layer] ?? [];
    this.#states[layer] = [...states, hidden.slice()];
  }

  #addSquares(role: WeightRole, inputs: Float32Array): void {
    const columns = this.#decoder.weights.expr(role).shape[1]!;
    const sums = this.#squares.get(role) ?? new Float64Array(columns);
    for (let i = 0; i < inputs.length; i++) sums[i % columns]! += inputs[i]! * inputs[i]!;
    this.#squares.set(role, sums);
  }
}
