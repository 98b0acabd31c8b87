import { runsOf, type SourcePlan } from "../expr-plan.ts";
import { WasmHeap } from "../wasm-heap.ts";
import type { PackedSource } from "../weight-expr.ts";
import { PackedPalette } from "./packed-palette.ts";
import { PackedRows } from "./packed-rows.ts";
import { PackedStripe } from "./packed-stripe.ts";
import { AREAS, OUTPUT, PACKED_ELEMENTS, type PackedDecoder, VALUES } from "./packed-tile.ts";
import type { SourceFiles } from "./source-files.ts";

export type OutputDtype = "F16" | "F32" | "BF16";

export interface PackedTarget {
  /** Elements of the result: from `begin` on, `count` of them. */
  readonly begin: number;
  readonly count: number;
  readonly as: OutputDtype;
  readonly target: Uint8Array;
  readonly offset: number;
}

/** One memory for all readers of a thread. Stripes and scales stay in it between calls, so it has an owner. */
let sharedHeap: WasmHeap | undefined;
let owner: PackedReader | undefined;

/**
 * Reads packed sources: decodes tiles in a memory apart, where kernels find codes, scales and values together,
 * and copies the results out. The thread holds 1 MB; for sources that are stored transposed
 * 3 MB (GPTQ) or 9 MB (AWQ).
 */
export class PackedReader {
  readonly #files: SourceFiles;
  readonly #heap: WasmHeap;
  #decoder: { readonly source: PackedSource; readonly decoder: PackedDecoder } | undefined;

  constructor(files: SourceFiles) {
    this.#files = files;
    sharedHeap ??= new WasmHeap(AREAS);
    this.#heap = sharedHeap;
  }

  /** Writes values of `plan` to the target. @returns the largest |value|; NaN when one is NaN. */
  read(plan: SourcePlan<PackedSource>, { begin, count, as, target, offset }: PackedTarget): number {
    const decoder = this.#decoderOf(plan.source);
    const { kernels } = this.#heap;
    const bytes = as === "F32" ? 4 : 2;
    let maxAbs = 0;
    let to = offset;
    for (const run of runsOf(plan, begin, count)) {
      for (let done = 0; done < run.count; done += PACKED_ELEMENTS) {
        const length = Math.min(PACKED_ELEMENTS, run.count - done);
        decoder.decode(run.sourceElement + done, length, VALUES);
        for (const op of plan.elementOps) {
          if (op.kind === "addOne") kernels.add_one_f32(VALUES, length);
          else kernels.scale_f32(VALUES, length, op.factor);
        }
        maxAbs = Math.max(maxAbs, this.#convert(as, length));
        const from = as === "F32" ? VALUES : OUTPUT;
        target.set(this.#heap.bytes.subarray(from, from + length * bytes), to);
        to += length * bytes;
      }
    }
    return maxAbs;
  }

  #convert(as: OutputDtype, count: number): number {
    const { kernels } = this.#heap;
    switch (as) {
      case "F32":
        return kernels.max_abs_f32(VALUES, count);
      case "F16":
        return kernels.f32_to_f16(VALUES, OUTPUT, count);
      case "BF16":
        return kernels.f32_to_bf16(VALUES, OUTPUT, count);
    }
  }

  /** Keeps the last one while nobody else decodes: tiles of a weight follow each other. */
  #decoderOf(source: PackedSource): PackedDecoder {
    if (owner === this && this.#decoder?.source === source) return this.#decoder.decoder;
    owner = this;
    this.#decoder = undefined;
    const decoder = this.#newDecoder(source);
    this.#decoder = { source, decoder };
    return decoder;
  }

  #newDecoder(source: PackedSource): PackedDecoder {
    if (source.kind === "palette") return new PackedPalette(source, this.#heap, this.#files);
    const byRows = source.kind === "scaled" || source.packing === "rows";
    return byRows
      ? new PackedRows(source, this.#heap, this.#files)
      : new PackedStripe(source, this.#heap, this.#files);
  }
}
