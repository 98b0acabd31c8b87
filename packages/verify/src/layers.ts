import type { ObservedValue } from "@pippin/core";

/** Largest number of fp16. */
export const FP16_MAX = 65504;

/** Where values of a package come closest to the end of fp16's range. */
export interface RangeFigures {
  /** The largest magnitude; infinite when something overflowed. */
  readonly largest: number;
  /** The value that reaches it, as the package names it. */
  readonly name: string;
  /** Where in that value, an index for each axis. */
  readonly index: readonly number[];
  /** `largest` as a share of 65,504. */
  readonly share: number;
}

/** What a layer adds to the error, and how large its values grow. */
export interface LayerFigures {
  readonly layer: number;
  /** Distance of the residual streams after this layer by the norm of the original's, mean over tokens. */
  readonly relativeError: number;
  /** Cosine between the two residual streams, mean over tokens. */
  readonly cosine: number;
  /** Largest magnitude in the original's residual stream after this layer. */
  readonly originalLargest: number;
  /** Absent when the package's runner does not show the values inside of a layer. */
  readonly range: RangeFigures | null;
}

export interface LayerReport {
  readonly layers: readonly LayerFigures[];
  /** What follows the last layer: norm, head and logits. */
  readonly head: RangeFigures | null;
}

interface Sums {
  tokens: number;
  error: number;
  cosine: number;
  largest: number;
}

/** Collects what both runners show of the same texts. Holds the residual streams of one text. */
export class LayerAudit {
  readonly #original = new Map<number, { position: number; hidden: Float32Array }[]>();
  readonly #sums = new Map<number, Sums>();
  readonly #ranges = new Map<number, RangeFigures>();

  /** Call before each text; then the original runs, after it the package. */
  begin(): void {
    this.#original.clear();
  }

  readonly original = {
    layer: (layer: number, hidden: Float32Array, position: number): void => {
      const pieces = this.#original.get(layer) ?? [];
      pieces.push({ position, hidden: hidden.slice() });
      this.#original.set(layer, pieces);
    },
  };

  /** @param tokens - of the text, by which the width of the residual stream is known. */
  package(tokens: number) {
    return {
      layer: (layer: number, hidden: Float32Array, position: number): void => {
        const wanted = this.#wanted(layer);
        if (wanted.length === 0) return;
        const width = wanted.length / tokens;
        const sums = this.#sums.get(layer) ?? { tokens: 0, error: 0, cosine: 0, largest: 0 };
        this.#sums.set(layer, sums);
        for (let row = 0; row * width < hidden.length; row++) {
          const from = (position + row) * width;
          addToken(
            sums,
            wanted.subarray(from, from + width),
            hidden.subarray(row * width, (row + 1) * width),
          );
        }
      },
      value: (value: ObservedValue): void => this.#addRange(value),
    };
  }

  /** `null` when one of the two shows no layers. */
  report(): LayerReport | null {
    const layers = [...this.#sums].sort(([a], [b]) => a - b);
    if (layers.length === 0) return null;
    return {
      layers: layers.map(([layer, { tokens, error, cosine, largest }]) => ({
        layer,
        relativeError: error / tokens,
        cosine: cosine / tokens,
        originalLargest: largest,
        range: this.#ranges.get(layer) ?? null,
      })),
      head: this.#ranges.get(layers.at(-1)![0] + 1) ?? null,
    };
  }

  /** The original's residual stream of the whole text, as one array. */
  #wanted(layer: number): Float32Array {
    const pieces = this.#original.get(layer) ?? [];
    if (pieces.length === 1) return pieces[0]!.hidden;
    const whole = new Float32Array(pieces.reduce((sum, { hidden }) => sum + hidden.length, 0));
    let offset = 0;
    for (const { hidden } of pieces.sort((a, b) => a.position - b.position)) {
      whole.set(hidden, offset);
      offset += hidden.length;
    }
    this.#original.set(layer, [{ position: 0, hidden: whole }]);
    return whole;
  }

  #addRange({ layer, name, shape, data }: ObservedValue): void {
    const known = this.#ranges.get(layer)?.largest ?? -1;
    const at = indexAbove(data, known);
    if (at < 0) return;
    // NaN follows from an infinity: both count as one.
    const largest = Number.isNaN(data[at]!) ? Number.POSITIVE_INFINITY : Math.abs(data[at]!);
    this.#ranges.set(layer, { largest, name, index: indexOf(at, shape), share: largest / FP16_MAX });
  }
}

/** Index of the largest magnitude above `bound`, or of the first NaN; −1 when there is neither. */
function indexAbove(data: Float32Array, bound: number): number {
  let at = -1;
  let top = bound;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    // Written so that a NaN does not count as inside.
    if (value <= top && value >= -top) continue;
    at = i;
    if (Number.isNaN(value)) return at;
    top = Math.abs(value);
  }
  return at;
}

function addToken(sums: Sums, wanted: Float32Array, got: Float32Array): void {
  let error = 0;
  let length = 0;
  let gotLength = 0;
  let product = 0;
  for (let i = 0; i < wanted.length; i++) {
    const a = wanted[i]!;
    const b = got[i]!;
    error += (a - b) ** 2;
    length += a * a;
    gotLength += b * b;
    product += a * b;
    sums.largest = Math.max(sums.largest, Math.abs(a));
  }
  sums.tokens++;
  sums.error += error === 0 ? 0 : Math.sqrt(error / length);
  sums.cosine += error === 0 ? 1 : product / Math.sqrt(length * gotLength);
}

/** Row-major position → an index for each axis. */
function indexOf(at: number, shape: readonly number[]): number[] {
  const index = new Array<number>(shape.length);
  let rest = at;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return index;
}
