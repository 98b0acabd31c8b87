import type { LinearMatrix } from "../encoded-matrix.ts";
import { addErrors, type ErrorSums, type GroupScale, noErrors, packedBytes } from "../linear.ts";
import { isBlockSize, LINEAR_STATE_BYTES, LinearKernels } from "../linear-kernels.ts";
import type { WasmHeap } from "../wasm-heap.ts";
import type { EncoderIo, MatrixEncoder } from "./matrix-encoder.ts";

/** Elements encoded at once: even, so that no byte holds elements of two windows. */
const WINDOW = 65536;
/** Room for the rest of the blocks that a window cuts at its ends. */
const EDGE = 1024;

const SOURCE = LINEAR_STATE_BYTES;
const EXTRA = SOURCE + 2 * (WINDOW + 2 * EDGE);
const TARGET = EXTRA + 2 * WINDOW;
const SCALES = TARGET + WINDOW + 2 * EDGE;
const OFFSETS = SCALES + 2 * (WINDOW + 2 * EDGE);

/** Bytes of the heap that the encoder keeps for itself. */
export const LINEAR_ENCODER_BYTES: number = OFFSETS + WINDOW + 2 * EDGE;

/** Encodes any stretch of a matrix as integers with scales. */
export class LinearEncoder implements MatrixEncoder {
  readonly #heap: WasmHeap;
  readonly #base: number;
  readonly #matrix: LinearMatrix;
  readonly #io: EncoderIo;
  readonly #kernels: LinearKernels;
  #sums = noErrors();
  /** The last group that a window cut. */
  #cut: { group: number; scale: GroupScale } | undefined;

  /** @param base - address of `LINEAR_ENCODER_BYTES` bytes, a multiple of 16. */
  constructor(heap: WasmHeap, base: number, matrix: LinearMatrix, io: EncoderIo) {
    this.#heap = heap;
    this.#base = base;
    this.#matrix = matrix;
    this.#io = io;
    this.#kernels = new LinearKernels(heap, matrix.range, base);
  }

  /** Puts bytes `from` to `to` of the packed integers at `dst`. */
  encode(from: number, to: number, dst: number): void {
    const { plan, range, groupSize } = this.#matrix;
    const perByte = 8 / range.bits;
    const last = Math.min(to * perByte, plan.elements);
    const inBlocks = isBlockSize(groupSize);
    for (let begin = from * perByte; begin < last; begin += WINDOW) {
      const end = Math.min(begin + WINDOW, last);
      const bytes = inBlocks ? this.#blocks(begin, end) : this.#groups(begin, end);
      const out = dst + begin / perByte - from;
      if (range.bits === 4) this.#heap.kernels.pack_nibbles(bytes, out, end - begin);
      else this.#heap.bytes.copyWithin(out, bytes, bytes + end - begin);
    }
    addErrors(this.#sums, this.#kernels.takeSums());
  }

  /** What was lost since the last call, in groups that began in what was encoded. */
  takeSums(): ErrorSums {
    const sums = this.#sums;
    this.#sums = noErrors();
    return sums;
  }

  /** Blocks are short: those that the window cuts are encoded whole. @returns where its integers are. */
  #blocks(begin: number, end: number): number {
    const { groupSize } = this.#matrix;
    const base = this.#base;
    const first = Math.floor(begin / groupSize);
    const own = Math.ceil(begin / groupSize);
    const stop = Math.ceil(end / groupSize);
    const origin = first * groupSize;
    this.#io.read(origin, stop * groupSize - origin, base + SOURCE);
    if (own > first) {
      addErrors(this.#sums, this.#kernels.takeSums());
      this.#kernels.quantizeBlocks(base + SOURCE, base + TARGET, 1, groupSize, base + SCALES, base + OFFSETS);
      this.#kernels.takeSums(); // its errors are counted where the block begins
    }
    const skip = own * groupSize - origin;
    const [src, dst] = [base + SOURCE + 2 * skip, base + TARGET + skip];
    this.#kernels.quantizeBlocks(src, dst, stop - own, groupSize, base + SCALES, base + OFFSETS);
    this.#writeParts(own, stop);
    return base + TARGET + begin - origin;
  }

  /** Groups of any length: those that the window cuts are read on for their scale. */
  #groups(begin: number, end: number): number {
    const { groupSize } = this.#matrix;
    const { bytes } = this.#heap;
    const base = this.#base;
    const scales = new DataView(bytes.buffer, base + SCALES, OFFSETS - SCALES);
    const own = Math.ceil(begin / groupSize);
    const stop = Math.ceil(end / groupSize);
    this.#io.read(begin, end - begin, base + SOURCE);
    for (let group = Math.floor(begin / groupSize); group < stop; group++) {
      const from = Math.max(group * groupSize, begin);
      const count = Math.min((group + 1) * groupSize, end) - from;
      const src = base + SOURCE + 2 * (from - begin);
      const scale = count === groupSize ? this.#scaleAt(src, count) : this.#scaleOf(group);
      this.#kernels.quantize(src, base + TARGET + from - begin, count, scale);
      if (group < own) continue;
      scales.setUint16(2 * (group - own), scale.code, true);
      bytes[base + OFFSETS + group - own] = scale.zero;
      if (scale.scale === 0) this.#sums.zeroGroups++;
      if (scale.wide) this.#sums.wideScales++;
    }
    this.#writeParts(own, stop);
    return base + TARGET;
  }

  #scaleAt(src: number, count: number): GroupScale {
    this.#kernels.beginGroup();
    this.#kernels.look(src, count);
    return this.#kernels.groupScale();
  }

  /** Reads a whole group, piece by piece; the next window often asks for the same one. */
  #scaleOf(group: number): GroupScale {
    if (this.#cut?.group === group) return this.#cut.scale;
    const { groupSize } = this.#matrix;
    const extra = this.#base + EXTRA;
    this.#kernels.beginGroup();
    for (let done = 0; done < groupSize; done += WINDOW) {
      const count = Math.min(WINDOW, groupSize - done);
      this.#io.read(group * groupSize + done, count, extra);
      this.#kernels.look(extra, count);
    }
    const scale = this.#kernels.groupScale();
    this.#cut = { group, scale };
    return scale;
  }

  /** Writes scales and offsets of groups `own` to `stop`, which lie in the heap. */
  #writeParts(own: number, stop: number): void {
    if (own === stop) return;
    const { scale, offset } = this.#matrix.partAt;
    const { bytes } = this.#heap;
    const scales = this.#base + SCALES;
    this.#io.write(bytes.subarray(scales, scales + 2 * (stop - own)), scale! + 2 * own);
    if (offset !== undefined) this.#writeOffsets(own, stop, offset);
  }

  /** Two 4-bit offsets share a byte: it is written with the first of them. */
  #writeOffsets(own: number, stop: number, offsetAt: number): void {
    const { range, groups } = this.#matrix;
    const { bytes, kernels } = this.#heap;
    const offsets = this.#base + OFFSETS;
    if (range.bits === 8) {
      this.#io.write(bytes.subarray(offsets, offsets + stop - own), offsetAt + own);
      return;
    }
    const begin = own + (own % 2);
    let end = stop;
    if (end % 2 === 1 && end < groups && begin < end) {
      bytes[offsets + end - own] = range.affine ? this.#scaleOf(end).zero : range.zero;
      end++;
    }
    if (begin >= end) return;
    kernels.pack_nibbles(offsets + begin - own, offsets, end - begin);
    const packed = bytes.subarray(offsets, offsets + packedBytes(end - begin, 4));
    this.#io.write(packed, offsetAt + begin / 2);
  }
}
