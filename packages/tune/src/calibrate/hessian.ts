import { calibrateError } from "./errors.ts";
import { type Products, plainProducts } from "./products.ts";

/** Tokens that are added at once: enough that a tile of the sum is touched seldom. */
const CHUNK_TOKENS = 512;

/**
 * H = Σ x xᵀ over calibration tokens, x an input of a matrix product: the error ΔW of a weight costs
 * Σ ‖ΔW x‖² = tr(ΔW H ΔWᵀ) in its output (Frantar et al., "GPTQ", 2022, equation 1).
 *
 * Holds 4 · columns² bytes and a chunk of inputs. Sums are F32 in chunks of at most 256 tokens.
 */
export class Hessian {
  readonly columns: number;
  /** `[columns, columns]`; the upper triangle is defined. */
  readonly sums: Float32Array;
  readonly #products: Products;
  readonly #chunk: Float32Array;
  #waiting = 0;
  #tokens = 0;

  constructor(columns: number, products: Products = plainProducts) {
    this.columns = columns;
    this.#products = products;
    this.sums = products.allocate(columns * columns);
    this.#chunk = products.allocate(CHUNK_TOKENS * columns);
  }

  get tokens(): number {
    return this.#tokens;
  }

  /**
   * @param inputs - `[tokens, columns]` F32, row-major.
   * @throws PippinError `TUNE_CALIBRATION_SHAPE`.
   */
  add(inputs: Float32Array): void {
    const { columns } = this;
    if (inputs.length % columns !== 0) {
      throw calibrateError("TUNE_CALIBRATION_SHAPE", {
        message: `${inputs.length} values are no whole inputs of ${columns} columns`,
        hint: "Give the inputs of this matrix product, [tokens, columns].",
      });
    }
    this.#tokens += inputs.length / columns;
    for (let at = 0; at < inputs.length; ) {
      const count = Math.min(inputs.length - at, this.#chunk.length - this.#waiting);
      this.#chunk.set(inputs.subarray(at, at + count), this.#waiting);
      this.#waiting += count;
      at += count;
      if (this.#waiting === this.#chunk.length) this.flush();
    }
  }

  /** Adds what waits in the chunk. */
  flush(): void {
    const { columns, sums } = this;
    const x = { values: this.#chunk, begin: 0, stride: columns };
    const c = { values: sums, begin: 0, stride: columns };
    const depth = this.#waiting / columns;
    if (depth > 0) {
      this.#products.addProduct({
        a: x,
        b: x,
        c,
        depth,
        rows: columns,
        cols: columns,
        factor: 1,
        upper: true,
      });
    }
    this.#waiting = 0;
  }
}
