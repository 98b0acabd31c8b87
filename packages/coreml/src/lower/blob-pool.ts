import type { WeightSet } from "@pippin/decoder";
import { ownGrid, type WeightExpr } from "@pippin/kernels";
import type { Segment } from "@pippin/kernels/node";
import { encodingName, encodingOf, type Recipe } from "@pippin/quantize";
import type { Shape } from "../mil/types.ts";
import type { Target } from "../targets.ts";
import { type Blob, BlobLayout, type BlobType } from "./blob-layout.ts";
import { ContentMap } from "./content-map.ts";
import { type CoremlEncoding, refusal } from "./encodings.ts";
import { appendEncoded, type StoredWeight } from "./stored-weight.ts";

/**
 * Lays out the weight file while a program is built: each distinct content gets a record at its first use. Knows
 * sizes and places only; the bytes of weights are streamed later, from `segments()`.
 */
export class BlobPool {
  readonly #weights: WeightSet;
  readonly #recipe: Recipe;
  readonly #target: Target;
  readonly #stored = new Map<string, StoredWeight>();
  readonly #byteBlobs = new ContentMap<Blob>();
  readonly #layout = new BlobLayout();
  readonly #requantized: string[] = [];
  #keptGrids = 0;

  constructor(weights: WeightSet, { recipe, target }: { readonly recipe: Recipe; readonly target: Target }) {
    this.#weights = weights;
    this.#recipe = recipe;
    this.#target = target;
  }

  /**
   * A weight of the model, in fp16 or as the recipe wants it.
   *
   * @throws PippinError `QUANTIZE_RECIPE_UNFIT`.
   */
  weight(role: string): StoredWeight {
    const known = this.#stored.get(role);
    if (known !== undefined) return known;
    const expr = this.#weights.expr(role);
    const grid = ownGrid(expr);
    // What `refusal` lets through has no format of MLC.
    const encoding = encodingOf(this.#recipe, { role, shape: expr.shape, grid }, refusal(this.#target)) as
      | CoremlEncoding
      | undefined;
    if (grid && encoding && encoding !== grid) this.#requantized.push(role);
    if (grid && encoding === grid) this.#keptGrids++;
    const stored = encoding
      ? appendEncoded(this.#layout, { id: role, expr, encoding }, this.#target)
      : this.#dense(role, expr);
    this.#stored.set(role, stored);
    return stored;
  }

  #dense(id: string, expr: WeightExpr): StoredWeight {
    const blob = this.#layout.append("FLOAT16", expr.shape, { kind: "weight", id, expr, dtype: "F16" });
    return { kind: "dense", shape: expr.shape, blob };
  }

  /** Bytes known now. @returns the offset of their record. */
  bytes(dtype: BlobType, shape: Shape, bytes: Uint8Array): number {
    return this.#byteBlobs.getOrCreate(`${dtype}[${shape.join(",")}]`, bytes, () =>
      this.#layout.append(dtype, shape, { kind: "bytes", bytes }),
    ).recordOffset;
  }

  /** Weights that lie on a grid of their checkpoint and are rounded to another one. */
  get requantized(): readonly string[] {
    return this.#requantized;
  }

  /** Whether there are weights on grids of their checkpoint, and each is stored on its own or in fp16. */
  get keepsGrid(): boolean {
    return this.#keptGrids > 0 && this.#requantized.length === 0;
  }

  /** Weights that are not vectors, counted by how they are stored. */
  summary(): string {
    const matrices = [...this.#stored.values()].filter(({ shape }) => shape.length === 2);
    return countNames(
      matrices.map((stored) => (stored.kind === "dense" ? "fp16" : encodingName(stored.encoding))),
    );
  }

  /** Length of the whole file in bytes. */
  get byteLength(): number {
    return this.#layout.byteLength;
  }

  /** The file's content in order. */
  segments(): Segment[] {
    return this.#layout.segments();
  }
}

/** `210 × int4/32 + 1 × int8`. */
export function countNames(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  if (counts.size === 1) return names[0]!;
  return [...counts].map(([name, count]) => `${count} × ${name}`).join(" + ");
}
