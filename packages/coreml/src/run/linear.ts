import { isPackedSource } from "@pippin/kernels";
import type { MatrixPool } from "@pippin/kernels/node";
import type { Constant } from "../mil/constants.ts";
import type { CoremlPackage } from "../package/read-package.ts";
import { weightExpr } from "../package/weights.ts";
import { inTurns, type Kernel } from "./kernel.ts";
import type { ResidentConstants } from "./resident.ts";
import { floats, invalid, type Tensor } from "./value.ts";

/** Matrices of `linear` operations, kept once for all functions of a package. */
export class MatrixShelf {
  readonly #opened: CoremlPackage;
  readonly #pool: MatrixPool;
  readonly #onBytes: (bytes: number) => void;
  readonly #loaded = new Set<string>();

  constructor(opened: CoremlPackage, pool: MatrixPool, onBytes: (bytes: number) => void) {
    this.#opened = opened;
    this.#pool = pool;
    this.#onBytes = onBytes;
  }

  /** Puts a weight `[rows, columns]` into the pool, if it is not there, and gives the product with it. */
  async product(weight: Weight, signal: AbortSignal | undefined): Promise<Product> {
    const { type } = weight.constant;
    if (type.shape.length !== 2) throw invalid(`the weight ${weight.name} has shape [${type.shape}]`);
    const [rows = 0, columns = 0] = type.shape.map((size) => size ?? 0);
    const id = await this.#load(weight, signal);
    const multiply = (x: Float32Array, m: number, out: Float32Array) => {
      this.#pool.multiply(id, x, m, out);
    };
    return { rows, columns, multiply };
  }

  async #load({ constant, name, resident }: Weight, signal: AbortSignal | undefined): Promise<string> {
    const { type } = constant;
    const expr = await weightExpr(this.#opened, constant, name);
    const stored = expr && (isPackedSource(expr.source) ? expr.source.codes : expr.source);
    // Constants in the program itself have no place in a file; their names are those of one function.
    const id = stored ? `${stored.file}@${stored.byteOffset} [${type.shape}]` : `#${this.#loaded.size}`;
    if (this.#loaded.has(id)) return id;
    if (expr) await this.#pool.load(id, expr, type.dtype === "FLOAT16" ? "F16" : "F32", signal);
    else {
      const [rows = 0, columns = 0] = type.shape;
      const value = await resident.load(constant, name);
      if (typeof value === "string") throw invalid(`${name} is text`);
      await this.#pool.loadValues(id, rows ?? 0, columns ?? 0, floats(value, name));
    }
    this.#loaded.add(id);
    this.#onBytes(stored?.byteLength ?? 0);
    return id;
  }
}

interface Weight {
  readonly constant: Constant;
  readonly name: string;
  readonly resident: ResidentConstants;
}

/** y `[m, rows]` = x `[m, columns]` · Wᵀ. */
export interface Product {
  readonly rows: number;
  readonly columns: number;
  multiply(x: Float32Array, m: number, out: Float32Array): void;
}

/** `linear` with a weight in the pool. `bias`: its value where it is constant; zeros are not added. */
export function linear({ rows, columns, multiply }: Product, bias: Tensor | undefined): Kernel {
  const plain = bias?.data.every((value: number) => value === 0) ?? false;
  return (p) => {
    const x = p.tensor("x");
    const values = floats(x, "linear");
    if (x.shape.at(-1) !== columns)
      throw invalid(`linear: x is [${x.shape}], the weight [${rows}, ${columns}]`);
    const count = values.length / columns;
    const data = p.newFloats(count * rows);
    const added = plain ? undefined : p.optional("bias")?.data;
    if (added !== undefined && added.length !== rows)
      throw invalid(`linear: a bias of ${added.length} for ${rows} rows`);
    const run = (begin: number, end: number) => {
      const whole = end - begin === count;
      const from = whole ? values : values.subarray(begin * columns, end * columns);
      const out = whole ? data : data.subarray(begin * rows, end * rows);
      multiply(from, end - begin, out);
      if (added !== undefined) addBias(out, added);
    };
    const parts = { count, cost: (rows * columns) / PRODUCTS_AT_ONCE, run };
    return inTurns(p, parts, { shape: [...x.shape.slice(0, -1), rows], data });
  };
}

/** The pool's kernels do about so many products in the time of one in JavaScript. */
const PRODUCTS_AT_ONCE = 8;

function addBias(data: Float32Array, bias: ArrayLike<number>): void {
  for (let begin = 0; begin < data.length; begin += bias.length) {
    for (let i = 0; i < bias.length; i++) data[begin + i]! += bias[i]!;
  }
}
