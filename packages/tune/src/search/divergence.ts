/** Next-token probabilities of the original model, what others are compared with. */
export class ReferenceWords {
  readonly #vocabSize: number;
  readonly #windows: { readonly p: Float32Array; readonly logP: Float32Array }[] = [];

  constructor(vocabSize: number) {
    this.#vocabSize = vocabSize;
  }

  /** @param logits - `[tokens, vocabSize]` of the next window. */
  add(logits: Float32Array): void {
    const logP = new Float32Array(logits.length);
    for (let at = 0; at < logits.length; at += this.#vocabSize) {
      const shift = logSumExp(logits, at, at + this.#vocabSize);
      for (let i = at; i < at + this.#vocabSize; i++) logP[i] = logits[i]! - shift;
    }
    this.#windows.push({ p: logP.map(Math.exp), logP });
  }

  /** Σ over the tokens of a window of KL(p ‖ q) in nats, q of other logits. */
  divergence(window: number, logits: Float32Array): number {
    const { p, logP } = this.#windows[window]!;
    let sum = 0;
    for (let at = 0; at < logits.length; at += this.#vocabSize) {
      const shift = logSumExp(logits, at, at + this.#vocabSize);
      for (let i = at; i < at + this.#vocabSize; i++) sum += p[i]! * (logP[i]! - logits[i]! + shift);
    }
    return sum;
  }
}

function logSumExp(values: Float32Array, begin: number, end: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = begin; i < end; i++) if (values[i]! > largest) largest = values[i]!;
  let sum = 0;
  for (let i = begin; i < end; i++) sum += Math.exp(values[i]! - largest);
  return largest + Math.log(sum);
}
