import type { GridMatrix } from "../encoded-matrix.ts";
import { runsOf } from "../expr-plan.ts";
import { type ErrorSums, noErrors } from "../linear.ts";
import type { WasmHeap } from "../wasm-heap.ts";
import { isPackedSource } from "../weight-expr.ts";
import { AREA_GROUPS, type GridScales, gridScales } from "./grid-scales.ts";
import type { EncoderIo, MatrixEncoder } from "./matrix-encoder.ts";

/** Elements encoded at once: even, so that no byte holds elements of two windows. */
const WINDOW = 32768;
/** Groups that lie in a window, at least partly; the shortest have 8 elements. */
const MAX_GROUPS = WINDOW / 8 + 2;
/** Groups whose scales and offsets are kept before they are written together. */
const KEPT_GROUPS = 8 * MAX_GROUPS;
/** Room before those kept, for a group that was written before. */
const EDGE = 16;

const VALUES = 0;
const CODES = VALUES + 4 * WINDOW + 64;
/** F32 [groups, 4]: 1 / scale, minimum, and the scale and offset that are stored. */
const GROUPS = CODES + WINDOW + 64;
const SCALES = GROUPS + 16 * MAX_GROUPS;
const MINIMA = SCALES + 4 * (MAX_GROUPS + AREA_GROUPS);
/** What is stored of groups of the result, in order: F16 codes; F16 codes or integers. */
const KEPT_SCALES = MINIMA + 4 * (MAX_GROUPS + AREA_GROUPS) + EDGE;
const KEPT_OFFSETS = KEPT_SCALES + 2 * KEPT_GROUPS + EDGE;
/** F64 Σ error², F64 Σ value², F32 largest |error|. */
const SUMS = Math.ceil((KEPT_OFFSETS + 2 * KEPT_GROUPS) / 16) * 16;

/** Bytes of the heap that the encoder keeps for itself. */
export const GRID_ENCODER_BYTES: number = SUMS + 32;

const KINDS = { none: 0, float: 1, integer: 2 } as const;

/** Encodes any stretch of a matrix on the grid of its checkpoint: the integers are found again from the values. */
export class GridEncoder implements MatrixEncoder {
  readonly #heap: WasmHeap;
  readonly #base: number;
  readonly #matrix: GridMatrix;
  readonly #io: EncoderIo;
  readonly #scales: GridScales;
  /** Groups of the result whose scales and offsets wait to be written. */
  #kept = { first: 0, stop: 0 };
  #constants = 0;

  /** @param base - address of `GRID_ENCODER_BYTES` bytes, a multiple of 16. */
  constructor(heap: WasmHeap, base: number, matrix: GridMatrix, io: EncoderIo) {
    this.#heap = heap;
    this.#base = base;
    this.#matrix = matrix;
    this.#io = io;
    const { source } = matrix.plan;
    if (isPackedSource(source) && source.kind === "palette") throw new TypeError("a palette has no grid");
    this.#scales = gridScales(source, { heap, scales: base + SCALES, minima: base + MINIMA, io });
    this.#clearSums();
  }

  encode(from: number, to: number, dst: number): void {
    const { plan, bits } = this.#matrix;
    const perByte = 8 / bits;
    const last = Math.min(to * perByte, plan.elements);
    let held = from * perByte;
    for (let begin = held, end = begin; begin < last; begin = end) {
      if (begin === held) held = this.#io.hold(begin, last);
      end = Math.min(begin + WINDOW, held);
      this.#encodeWindow(begin, end);
      const codes = this.#base + CODES;
      const out = dst + begin / perByte - from;
      if (bits === 4) this.#heap.kernels.pack_nibbles(codes, out, end - begin);
      else this.#heap.bytes.copyWithin(out, codes, codes + end - begin);
    }
    this.#writeKept();
  }

  takeSums(): ErrorSums {
    const view = new DataView(this.#heap.bytes.buffer, this.#base + SUMS, 24);
    const sums: ErrorSums = {
      ...noErrors(),
      squaredError: view.getFloat64(0, true),
      squares: view.getFloat64(8, true),
      maxError: view.getFloat32(16, true),
      zeroGroups: this.#constants,
    };
    this.#clearSums();
    return sums;
  }

  #encodeWindow(begin: number, end: number): void {
    const { plan, groupSize, low, high } = this.#matrix;
    const base = this.#base;
    this.#io.values(begin, end - begin, base + VALUES);
    let done = 0;
    for (const { sourceElement, count } of runsOf(plan, begin, end - begin)) {
      const skip = sourceElement % groupSize;
      const groups = Math.ceil((skip + count) / groupSize);
      const own = Math.ceil((begin + done) / groupSize);
      this.#findGroups((sourceElement - skip) / groupSize, groups, own, skip > 0 ? 1 : 0);
      const [src, dst] = [base + VALUES + 4 * done, base + CODES + done];
      this.#heap.kernels.grid_codes(src, dst, count, groupSize, skip, base + GROUPS, low, high, base + SUMS);
      done += count;
    }
  }

  /** Parameters of groups of the source; those from `skipped` on are groups of the result from `own` on. */
  #findGroups(first: number, groups: number, own: number, skipped: number): void {
    const { offset, high } = this.#matrix;
    const at = 4 * this.#load(first, groups);
    const kept = 2 * (this.#keep(own, groups - skipped) - skipped);
    const base = this.#base;
    this.#constants += this.#heap.kernels.grid_groups(
      ...[base + SCALES + at, base + MINIMA + at],
      ...[groups, skipped, KINDS[offset], high, base + GROUPS],
      ...[base + KEPT_SCALES + kept, base + KEPT_OFFSETS + kept],
    );
  }

  /** @returns where the group `first` lies among the scales and minima. */
  #load(first: number, count: number): number {
    const at = this.#scales.load(first, count);
    for (const op of this.#matrix.plan.elementOps) {
      if (op.kind !== "scale") continue; // `ownGrid` knows no other
      for (const area of [SCALES, MINIMA]) {
        this.#heap.kernels.scale_f32(this.#base + area + 4 * at, count, op.factor);
      }
    }
    return at;
  }

  /** @returns the place of group `own` among those kept, which has room for `count`. */
  #keep(own: number, count: number): number {
    if (own !== this.#kept.stop || own + count - this.#kept.first > KEPT_GROUPS) this.#writeKept();
    if (this.#kept.first === this.#kept.stop) this.#kept = { first: own, stop: own };
    this.#kept.stop = own + count;
    return own - this.#kept.first;
  }

  /** Writes the scales and offsets that wait. */
  #writeKept(): void {
    const { first, stop } = this.#kept;
    this.#kept = { first: stop, stop };
    if (first === stop) return;
    const { partAt, offset } = this.#matrix;
    const { bytes } = this.#heap;
    const [scales, offsets] = [this.#base + KEPT_SCALES, this.#base + KEPT_OFFSETS];
    const byteLength = 2 * (stop - first);
    this.#io.write(bytes.subarray(scales, scales + byteLength), partAt.scale! + 2 * first);
    if (offset === "float") {
      this.#io.write(bytes.subarray(offsets, offsets + byteLength), partAt.offset! + 2 * first);
    } else if (offset === "integer") {
      // Copied, since the group behind the last one may need the heap.
      this.#writeIntegers(first, new Uint16Array(bytes.slice(offsets, offsets + byteLength).buffer));
    }
  }

  /** Two 4-bit offsets share a byte: it is written with the first of them. */
  #writeIntegers(own: number, offsets: Uint16Array): void {
    const { partAt, bits, groups } = this.#matrix;
    if (bits === 8) {
      this.#io.write(Uint8Array.from(offsets), partAt.offset! + own);
      return;
    }
    const begin = own + (own % 2);
    const end = own + offsets.length;
    if (begin >= end) return;
    const packed = new Uint8Array(Math.ceil((end - begin) / 2));
    for (let group = begin; group < end; group++) {
      packed[(group - begin) >> 1]! |= offsets[group - own]! << (4 * ((group - begin) % 2));
    }
    const cut = (end - begin) % 2 === 1 && end < groups;
    if (cut) packed[packed.length - 1]! |= this.#integerOffset(end) << 4;
    this.#io.write(packed, partAt.offset! + begin / 2);
  }

  /** The offset of a group of the result that is not kept. Nothing is. */
  #integerOffset(group: number): number {
    const { plan, groupSize, high } = this.#matrix;
    const [run] = runsOf(plan, group * groupSize, 1);
    const at = 4 * this.#load(run!.sourceElement / groupSize, 1);
    const base = this.#base;
    this.#heap.kernels.grid_groups(
      ...[base + SCALES + at, base + MINIMA + at],
      ...[1, 1, KINDS.integer, high, base + GROUPS],
      ...[base + KEPT_SCALES, base + KEPT_OFFSETS],
    );
    return this.#heap.bytes[base + KEPT_OFFSETS]!;
  }

  #clearSums(): void {
    const sums = this.#base + SUMS;
    this.#heap.bytes.fill(0, sums, sums + 24);
    this.#constants = 0;
  }
}
