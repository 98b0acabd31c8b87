/** Index of the largest value. */
export function argmax(logits: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
}

/** Natural log of the softmax, in double precision. */
export function logSoftmax(logits: ArrayLike<number>): Float64Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) largest = Math.max(largest, logits[i]!);
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += Math.exp(logits[i]! - largest);
  const shift = largest + Math.log(total);
  return Float64Array.from(logits, (value) => value - shift);
}

/** Kullback–Leibler divergence of `q` from `p` in nats, both given as logits. */
export function klDivergence(p: ArrayLike<number>, q: ArrayLike<number>): number {
  const logP = logSoftmax(p);
  const logQ = logSoftmax(q);
  let sum = 0;
  for (let i = 0; i < logP.length; i++) sum += Math.exp(logP[i]!) * (logP[i]! - logQ[i]!);
  return sum;
}

export function allFinite(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]!)) return false;
  return true;
}
