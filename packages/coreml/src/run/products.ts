/** Rows of `width` values, one after the other from `begin` on. */
export interface Rows {
  readonly values: Float32Array;
  readonly begin: number;
  readonly count: number;
  readonly width: number;
}

/** Products of the vector at `from` with `count` rows, into `out` from `to` on. */
export function dotRows(
  vector: Float32Array,
  from: number,
  { values, begin, count, width }: Rows,
  out: Float32Array,
  to: number,
): void {
  const even = count - (count % 4);
  // Four rows side by side: a single sum would wait for itself.
  for (let row = 0, at = begin; row < even; row += 4, at += 4 * width) {
    const [second, third, fourth] = [at + width, at + 2 * width, at + 3 * width];
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = 0; i < width; i++) {
      const factor = vector[from + i]!;
      a += factor * values[at + i]!;
      b += factor * values[second + i]!;
      c += factor * values[third + i]!;
      d += factor * values[fourth + i]!;
    }
    out[to + row] = a;
    out[to + row + 1] = b;
    out[to + row + 2] = c;
    out[to + row + 3] = d;
  }
  for (let row = even; row < count; row++) {
    const at = begin + row * width;
    let sum = 0;
    for (let i = 0; i < width; i++) sum += vector[from + i]! * values[at + i]!;
    out[to + row] = sum;
  }
}

/** The sum of `count` rows, each times its factor, into `out` from `to` on; factors begin at `at`. */
export function mixRows(
  factors: Float32Array,
  at: number,
  { values, begin, count, width }: Rows,
  out: Float32Array,
  to: number,
): void {
  out.fill(0, to, to + width);
  const even = count - (count % 4);
  for (let row = 0, from = begin; row < even; row += 4, from += 4 * width) {
    const [a, b] = [factors[at + row]!, factors[at + row + 1]!];
    const [c, d] = [factors[at + row + 2]!, factors[at + row + 3]!];
    const [second, third, fourth] = [from + width, from + 2 * width, from + 3 * width];
    for (let i = 0; i < width; i++) {
      const pair = a * values[from + i]! + b * values[second + i]!;
      out[to + i]! += pair + (c * values[third + i]! + d * values[fourth + i]!);
    }
  }
  for (let row = even; row < count; row++) {
    const factor = factors[at + row]!;
    const from = begin + row * width;
    for (let i = 0; i < width; i++) out[to + i]! += factor * values[from + i]!;
  }
}
