/** Next-token probabilities of the original model, what others are compared with. */
export class ReferenceWords {
  readonly #vocabSize: number;
  readonly #rows: { readonly p: Float32Array; readonly logP: Float32Array }[] = [];

  constructor(vocabSize: number) {
    this.#vocabSize = vocabSize;
  }

  /** @param logits - `[tokens, vocabSize]` of the next tokens. */
  add(logits: Float32Array): void {
    const width = this.#vocabSize;
    for (let at = 0; at < logits.length; at += width) {
      const shift = logSumExp(logits, at, at + width);
      const logP = logits.slice(at, at + width);
      for (let i = 0; i < width; i++) logP[i]! -= shift;
      this.#rows.push({ p: logP.map(Math.exp), logP });
    }
  }

  /** Σ of KL(p ‖ q) in nats over some tokens from `first` on, q of other logits. */
  divergence(first: number, logits: Float32Array): number {
    const width = this.#vocabSize;
    let sum = 0;
    for (let at = 0, token = first; at < logits.length; at += width, token++) {
      const { p, logP } = this.#rows[token]!;
      const shift = logSumExp(logits, at, at + width);
      for (let i = 0; i < width; i++) sum += p[i]! * (logP[i]! - logits[at + i]! + shift);
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
