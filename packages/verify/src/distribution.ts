/** Bins grow by 1 %: a quantile is that close to the true one. */
const GROWTH = 1.01;
/** Smaller values count as 0: rounding in double precision makes differences of that size. */
const SMALLEST = 1e-12;
/** Larger values share the last bin. */
const LARGEST = 1e4;
const BINS = Math.ceil(Math.log(LARGEST / SMALLEST) / Math.log(GROWTH)) + 1;

/** Mean and quantiles of values that are not negative, in memory that does not grow with their number. */
export class Distribution {
  readonly #counts = new Float64Array(BINS + 1);
  #count = 0;
  #sum = 0;
  #largest = 0;

  add(value: number): void {
    this.#counts[binOf(value)]!++;
    this.#count++;
    this.#sum += value;
    this.#largest = Math.max(this.#largest, value);
  }

  get count(): number {
    return this.#count;
  }

  /** NaN when there are no values. */
  get mean(): number {
    return this.#sum / this.#count;
  }

  /** The smallest value with at least this share of all values at or below it, within 1 %. NaN when there are none. */
  quantile(share: number): number {
    if (this.#count === 0) return Number.NaN;
    const wanted = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let bin = 0; bin <= BINS; bin++) {
      seen += this.#counts[bin]!;
      if (seen >= wanted) return Math.min(this.#largest, middleOf(bin));
    }
    return this.#largest;
  }
}

function binOf(value: number): number {
  if (value < SMALLEST) return 0;
  return Math.min(BINS, 1 + Math.floor(Math.log(value / SMALLEST) / Math.log(GROWTH)));
}

/** The middle of a bin, on a log scale. */
function middleOf(bin: number): number {
  return bin === 0 ? 0 : SMALLEST * GROWTH ** (bin - 0.5);
}
