/** A token's place in the order of likelihood: higher weight, then higher logit, then lower id. */
interface Place {
  readonly weight: number;
  readonly logit: number;
  readonly id: number;
}

/** Weights of 2^-126 … 1 have 127 exponents, 0 the one below. */
const EXPONENTS = 128;
const HIGH_MANTISSA = 2 ** 12;

/**
 * Sets the weights to 0 that are not among the most likely ones which together reach a share of the sum. The most likely one stays.
 *
 * A token is dropped when those before it, in the order of `Place`, sum up to `share` of all. Weights with one exponent add up
 * exactly in Float64 in any order (24 bits, fewer than 2^29 of them), so sums are taken by exponent and then from the highest exponent
 * down: the result is that of a full sort, but only weights with the last kept one's exponent and first 12 bits are sorted.
 *
 * @param weights - of each id, in Float32: 0, or from 2^-126 to 1.
 * @param logits - of each id, for those whose weights are equal.
 * @param share - in Float32, at least 0 and below 1.
 */
export function keepShare(weights: Float32Array, logits: Float32Array, share: number): void {
  const last = lastKept(weights, logits, share);
  for (let id = 0; id < weights.length; id++) {
    const weight = weights[id]!;
    if (weight > last.weight) continue;
    if (weight < last.weight || byLikelihood({ weight, logit: logits[id]!, id }, last) > 0) weights[id] = 0;
  }
}

function lastKept(weights: Float32Array, logits: Float32Array, share: number): Place {
  const bits = new Int32Array(weights.buffer, weights.byteOffset, weights.length);
  const sums = new Float64Array(EXPONENTS);
  for (let id = 0; id < bits.length; id++) sums[bits[id]! >>> 23]! += weights[id]!;
  const target = share * sums.reduceRight((total, sum) => total + sum, 0);
  let before = 0;
  let exponent = EXPONENTS - 1;
  while (before + sums[exponent]! < target) before += sums[exponent--]!;

  const parts = new Float64Array(HIGH_MANTISSA);
  for (let id = 0; id < bits.length; id++) {
    if (bits[id]! >>> 23 === exponent) parts[(bits[id]! >>> 11) & (HIGH_MANTISSA - 1)]! += weights[id]!;
  }
  let within = 0;
  let part = HIGH_MANTISSA - 1;
  while (parts[part] === 0 || before + (within + parts[part]!) < target) within += parts[part--]!;

  const prefix = (exponent << 12) | part;
  const places: Place[] = [];
  for (let id = 0; id < bits.length; id++) {
    if (bits[id]! >>> 11 === prefix) places.push({ weight: weights[id]!, logit: logits[id]!, id });
  }
  places.sort(byLikelihood);
  return places.find(({ weight }) => {
    within += weight;
    return before + within >= target;
  })!;
}

function byLikelihood(a: Place, b: Place): number {
  return b.weight - a.weight || b.logit - a.logit || a.id - b.id;
}
