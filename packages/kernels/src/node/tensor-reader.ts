import { DTYPES } from "../dtype.ts";
import { type ExprPlan, type FloatSource, isPackedPlan, runsOf, type SourcePlan } from "../expr-plan.ts";
import { bf16Value } from "../plain/cast.ts";
import type { WasmHeap } from "../wasm-heap.ts";
import type { PackedSource, PartSource } from "../weight-expr.ts";
import { type OutputDtype, PackedReader } from "./packed-reader.ts";
import { SourceFiles } from "./source-files.ts";

/** Largest read at once: small enough to stay in the second-level cache until it is converted. */
const WINDOW_BYTES = 512 * 1024;
/** Largest stretch that is widened to F32 at once: steps on values, pieces of blocks. */
const WIDE_ELEMENTS = 128 * 1024;
/** Room for the elements of the blocks at both ends that lie outside of a stretch; the longest blocks have 256. */
const WIDE_BYTES = 4 * (WIDE_ELEMENTS + 512);

/** Bytes of the heap that a reader keeps for itself. */
export const READER_BYTES: number = WINDOW_BYTES + WIDE_BYTES;

/**
 * Executes weight expressions: reads from files straight into WebAssembly memory and converts there. Holds
 * `READER_BYTES` whatever the size of the tensor, and `PackedReader`'s memory once it reads a packed source. All `dst` are addresses of the heap.
 */
export class TensorReader {
  readonly #heap: WasmHeap;
  readonly #files = new SourceFiles();
  #packed: PackedReader | undefined;
  #partBytes = new Uint8Array(0);
  readonly #window: number;
  readonly #wide: number;
  /** What the window holds: bytes `begin` to `end` of `file`. */
  #held = { file: "", begin: 0, end: 0 };

  /** @param base - address of `READER_BYTES` bytes, a multiple of 16. */
  constructor(heap: WasmHeap, base: number) {
    this.#heap = heap;
    this.#window = base;
    this.#wide = base + WINDOW_BYTES;
  }

  /** F16 codes of `count` elements from `begin` on. @returns the largest |value|; NaN when one is NaN. */
  toF16(plan: ExprPlan, begin: number, count: number, dst: number): number {
    if (isPackedPlan(plan)) return this.#readPacked(plan, { begin, count, dst, as: "F16" });
    const { dtype } = plan.source;
    // Types as long as F16 are read to where the result goes and converted there.
    const inPlace = DTYPES[dtype].blockBytes === 2 && !plan.permuted;
    let maxAbs = 0;
    for (const piece of this.#pieces(plan, begin, count)) {
      const to = dst + 2 * piece.done;
      const pieceMax = piece.whole
        ? this.#heap.toF16(
            dtype,
            inPlace ? this.#loadTo(plan, piece, to) : this.#load(plan, piece),
            to,
            piece.count,
          )
        : this.#heap.kernels.f32_to_f16(this.#widen(plan, piece), to, piece.count);
      maxAbs = Math.max(maxAbs, pieceMax);
    }
    return maxAbs;
  }

  /** BF16 codes of `count` elements from `begin` on, when they lie in the file as they are. @returns as `toF16`. */
  bf16AsStored(plan: ExprPlan, begin: number, count: number, dst: number): number | undefined {
    if (isPackedPlan(plan) || plan.source.dtype !== "BF16") return undefined;
    if (plan.permuted || plan.elementOps.length > 0) return undefined;
    const { file, byteOffset } = plan.source;
    this.raw(file, byteOffset + 2 * begin, 2 * count, dst);
    return bf16Value(this.#heap.kernels.magnitude_16(dst, count));
  }

  /** F32 values of `count` elements from `begin` on; `dst` a multiple of 4. @returns as `toF16`. */
  toF32(plan: ExprPlan, begin: number, count: number, dst: number): number {
    if (isPackedPlan(plan)) return this.#readPacked(plan, { begin, count, dst, as: "F32" });
    let maxAbs = 0;
    for (const piece of this.#pieces(plan, begin, count)) {
      const values = this.#widen(plan, piece);
      this.#heap.bytes.copyWithin(dst + 4 * piece.done, values, values + 4 * piece.count);
      maxAbs = Math.max(maxAbs, this.#heap.kernels.max_abs_f32(values, piece.count));
    }
    return maxAbs;
  }

  /** BF16 codes, exact where the source is BF16. @returns as `toF16`. */
  toBf16(plan: ExprPlan, begin: number, count: number, dst: number): number {
    if (isPackedPlan(plan)) return this.#readPacked(plan, { begin, count, dst, as: "BF16" });
    let maxAbs = 0;
    for (const piece of this.#pieces(plan, begin, count)) {
      const values = this.#widen(plan, piece);
      const to = dst + 2 * piece.done;
      maxAbs = Math.max(maxAbs, this.#heap.kernels.f32_to_bf16(values, to, piece.count));
    }
    return maxAbs;
  }

  /**
   * Reads the blocks of elements `begin` to `end` at once, as many as the window holds, if they lie in one piece: reading
   * values of these elements, or `blocks`, then finds them there.
   *
   * @returns where the elements end that are there.
   */
  hold(plan: ExprPlan, begin: number, end: number): number {
    if (isPackedPlan(plan) || plan.permuted || begin >= end) return end;
    const { blockBytes, blockElements } = DTYPES[plan.source.dtype];
    const [run] = runsOf(plan, begin, end - begin);
    const skip = run!.sourceElement % blockElements;
    const firstBlock = (run!.sourceElement - skip) / blockElements;
    const needed = Math.ceil((skip + end - begin) / blockElements);
    const blocks = Math.min(needed, Math.floor(WINDOW_BYTES / blockBytes));
    this.#load(plan, { firstBlock, blocks });
    return Math.min(end, begin + blocks * blockElements - skip);
  }

  /** Address of `count` blocks of a tensor from block `firstBlock` on, as they are in the file; the next call may overwrite them. */
  blocks(plan: ExprPlan, firstBlock: number, count: number): number {
    if (isPackedPlan(plan)) throw new TypeError("packed sources have no blocks");
    return this.#load(plan, { firstBlock, blocks: count });
  }

  /** Bytes of a file as they are. */
  raw(file: string, position: number, byteLength: number, dst: number): void {
    this.#files.read(file, this.#heap.bytes.subarray(dst, dst + byteLength), position);
  }

  /** Bytes of a part of a packed source; the next call overwrites them. */
  part(part: PartSource, offset: number, byteLength: number): Uint8Array {
    if (this.#partBytes.byteLength < byteLength) this.#partBytes = new Uint8Array(byteLength);
    const target = this.#partBytes.subarray(0, byteLength);
    this.#files.readPart(part, target, offset);
    return target;
  }

  close(): void {
    this.#files.close();
    this.#held = { file: "", begin: 0, end: 0 };
  }

  #readPacked(plan: SourcePlan<PackedSource>, range: PackedRange): number {
    this.#packed ??= new PackedReader(this.#files);
    const { begin, count, dst, as } = range;
    return this.#packed.read(plan, { begin, count, as, target: this.#heap.bytes, offset: dst });
  }

  *#pieces(plan: SourcePlan<FloatSource>, begin: number, count: number): Generator<Piece> {
    const { blockBytes, blockElements } = DTYPES[plan.source.dtype];
    const inWindow = Math.floor(WINDOW_BYTES / blockBytes - 2) * blockElements;
    const longest = Math.min(inWindow, WIDE_ELEMENTS);
    let done = 0;
    for (const run of runsOf(plan, begin, count)) {
      const end = run.sourceElement + run.count;
      for (let at = run.sourceElement; at < end; ) {
        const firstBlock = Math.floor(at / blockElements);
        const stop = Math.min(end, firstBlock * blockElements + longest);
        const endBlock = Math.ceil(stop / blockElements);
        const aligned = at === firstBlock * blockElements && stop === endBlock * blockElements;
        yield {
          firstBlock,
          blocks: endBlock - firstBlock,
          skip: at - firstBlock * blockElements,
          count: stop - at,
          done,
          whole: aligned && plan.elementOps.length === 0,
        };
        done += stop - at;
        at = stop;
      }
    }
  }

  /** Address of the piece's values after all steps, in F32. */
  #widen(plan: SourcePlan<FloatSource>, piece: Piece): number {
    const { dtype } = plan.source;
    const { kernels } = this.#heap;
    this.#heap.toF32(dtype, this.#load(plan, piece), this.#wide, piece.blocks * DTYPES[dtype].blockElements);
    const values = this.#wide + 4 * piece.skip;
    for (const op of plan.elementOps) {
      if (op.kind === "addOne") kernels.add_one_f32(values, piece.count);
      else kernels.scale_f32(values, piece.count, op.factor);
    }
    return values;
  }

  /** Reads the piece's blocks to `dst`. @returns `dst`. */
  #loadTo(plan: SourcePlan<FloatSource>, { firstBlock, blocks }: Piece, dst: number): number {
    const { file, byteOffset, dtype } = plan.source;
    const { blockBytes } = DTYPES[dtype];
    this.raw(file, byteOffset + firstBlock * blockBytes, blocks * blockBytes, dst);
    return dst;
  }

  /** Address of the piece's blocks in the window, read when they are not there. */
  #load(plan: SourcePlan<FloatSource>, piece: Pick<Piece, "firstBlock" | "blocks">): number {
    const { file, byteOffset, byteLength, dtype } = plan.source;
    const { blockBytes } = DTYPES[dtype];
    const begin = byteOffset + piece.firstBlock * blockBytes;
    const end = begin + piece.blocks * blockBytes;
    const held = this.#held;
    if (file !== held.file || begin < held.begin || end > held.end) {
      // Permuted rows lie close to each other: one read ahead saves one for each row.
      const readEnd = plan.permuted ? Math.min(begin + WINDOW_BYTES, byteOffset + byteLength) : end;
      this.#held = { file: "", begin: 0, end: 0 };
      this.raw(file, begin, readEnd - begin, this.#window);
      this.#held = { file, begin, end: readEnd };
    }
    return this.#window + begin - this.#held.begin;
  }
}

/** A stretch of source elements that fits the window, with the whole blocks around it. */
interface Piece {
  readonly firstBlock: number;
  readonly blocks: number;
  /** Elements of the first block before the stretch. */
  readonly skip: number;
  readonly count: number;
  /** Elements of the result that came before. */
  readonly done: number;
  /** Whether the blocks can go to the result as they are. */
  readonly whole: boolean;
}

interface PackedRange {
  readonly begin: number;
  readonly count: number;
  readonly dst: number;
  readonly as: OutputDtype;
}
