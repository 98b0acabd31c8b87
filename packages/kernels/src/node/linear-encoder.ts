import type { LinearMatrix } from "../encoded-matrix.ts";
import { addErrors, type ErrorSums, type GroupScale, noErrors, packedBytes } from "../linear.ts";
import { LINEAR_STATE_BYTES, LinearKernels, MAX_WHOLE_GROUP } from "../linear-kernels.ts";
import type { WasmHeap } from "../wasm-heap.ts";
import type { EncoderIo, MatrixEncoder } from "./matrix-encoder.ts";

/** Elements encoded at once, as many as whole groups allow. */
const WINDOW = 65536;
/** Room for the rest of the groups that a tile cuts at its ends. */
const EDGE = MAX_WHOLE_GROUP;
/** Groups whose scales are kept before they are written together. */
const KEPT_GROUPS = WINDOW + 2 * EDGE;

const SOURCE = LINEAR_STATE_BYTES;
const EXTRA = SOURCE + 2 * (WINDOW + 2 * EDGE);
const TARGET = EXTRA + 2 * WINDOW;
const SCALES = TARGET + WINDOW + 2 * EDGE;
const OFFSETS = SCALES + 2 * KEPT_GROUPS;

/** Bytes of the heap that the encoder keeps for itself. */
export const LINEAR_ENCODER_BYTES: number = OFFSETS + KEPT_GROUPS;

/** Encodes any stretch of a matrix as integers with scales. */
export class LinearEncoder implements MatrixEncoder {
  readonly #heap: WasmHeap;
  readonly #base: number;
  readonly #matrix: LinearMatrix;
  readonly #io: EncoderIo;
  readonly #kernels: LinearKernels;
  #sums = noErrors();
  /** Groups whose scales and offsets wait in the heap to be written. */
  #kept = { first: 0, stop: 0 };
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
    const whole = groupSize <= MAX_WHOLE_GROUP;
    for (let begin = from * perByte, end = begin; begin < last; begin = end) {
      end = Math.min(this.#windowEnd(begin), last);
      const out = dst + begin / perByte - from;
      if (whole) this.#wholeGroups(begin, end, out);
      else this.#longGroups(begin, end, out);
    }
    this.#writeKept();
    addErrors(this.#sums, this.#kernels.takeSums());
  }

  /** Where a group and a byte end. */
  #windowEnd(begin: number): number {
    const { groupSize } = this.#matrix;
    if (groupSize > MAX_WHOLE_GROUP) return begin + WINDOW;
    const unit = groupSize % 2 === 0 ? groupSize : 2 * groupSize;
    return Math.floor((begin + WINDOW) / unit) * unit;
  }

  /** Puts the integers of elements `begin` to `end`, a byte each at `src`, to `out` as they are stored. */
  #pack(src: number, begin: number, end: number, out: number): void {
    if (this.#matrix.range.bits === 4) this.#heap.kernels.pack_nibbles(src, out, end - begin);
    else if (src !== out) this.#heap.bytes.copyWithin(out, src, src + end - begin);
  }

  /** What was lost since the last call, in groups that began in what was encoded. */
  takeSums(): ErrorSums {
    const sums = this.#sums;
    this.#sums = noErrors();
    return sums;
  }

  /** Groups that are cut at an end are encoded whole. */
  #wholeGroups(begin: number, end: number, out: number): void {
    const { groupSize, range } = this.#matrix;
    const base = this.#base;
    const first = Math.floor(begin / groupSize);
    const own = Math.ceil(begin / groupSize);
    const stop = Math.ceil(end / groupSize);
    const origin = first * groupSize;
    const dtype = this.#io.readCodes(origin, stop * groupSize - origin, base + SOURCE);
    if (own > first) {
      addErrors(this.#sums, this.#kernels.takeSums());
      const parts = { scaleDst: base + EXTRA, offsetDst: base + EXTRA + 2 };
      this.#kernels.quantizeGroups({
        src: base + SOURCE,
        dst: base + TARGET,
        groups: 1,
        groupSize,
        dtype,
        ...parts,
      });
      this.#kernels.takeSums(); // its errors are counted where the group begins
    }
    const skip = own * groupSize - origin;
    const inPlace = range.bits === 8 && own === first && stop * groupSize === end;
    const target = inPlace ? out : base + TARGET;
    this.#kernels.quantizeGroups({
      ...{ src: base + SOURCE + 2 * skip, dst: target + skip },
      ...{ groups: stop - own, groupSize, dtype },
      ...this.#keep(own, stop),
    });
    this.#pack(target + begin - origin, begin, end, out);
  }

  /** Groups that the window cuts are read on for their scale. */
  #longGroups(begin: number, end: number, out: number): void {
    const { groupSize } = this.#matrix;
    const { bytes } = this.#heap;
    const base = this.#base;
    const own = Math.ceil(begin / groupSize);
    const stop = Math.ceil(end / groupSize);
    const { scaleDst, offsetDst } = this.#keep(own, stop);
    const scales = new DataView(bytes.buffer, scaleDst, 2 * (stop - own));
    this.#io.read(begin, end - begin, base + SOURCE);
    for (let group = Math.floor(begin / groupSize); group < stop; group++) {
      const from = Math.max(group * groupSize, begin);
      const count = Math.min((group + 1) * groupSize, end) - from;
      const src = base + SOURCE + 2 * (from - begin);
      const scale = count === groupSize ? this.#scaleAt(src, count) : this.#scaleOf(group);
      this.#kernels.quantize(src, base + TARGET + from - begin, count, scale);
      if (group < own) continue;
      scales.setUint16(2 * (group - own), scale.code, true);
      bytes[offsetDst + group - own] = scale.zero;
      if (scale.scale === 0) this.#sums.zeroGroups++;
      if (scale.wide) this.#sums.wideScales++;
    }
    this.#pack(base + TARGET, begin, end, out);
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

  /** @returns where scales and offsets of groups `own` to `stop` are to be put, behind those that wait. */
  #keep(own: number, stop: number): { readonly scaleDst: number; readonly offsetDst: number } {
    if (stop - this.#kept.first > KEPT_GROUPS || own !== this.#kept.stop) this.#writeKept();
    if (this.#kept.first === this.#kept.stop) this.#kept = { first: own, stop: own };
    const at = own - this.#kept.first;
    this.#kept.stop = stop;
    return { scaleDst: this.#base + SCALES + 2 * at, offsetDst: this.#base + OFFSETS + at };
  }

  /** Writes the scales and offsets that wait. */
  #writeKept(): void {
    const { first, stop } = this.#kept;
    if (first === stop) return;
    const { scale, offset } = this.#matrix.partAt;
    const { bytes } = this.#heap;
    const scales = this.#base + SCALES;
    this.#io.write(bytes.subarray(scales, scales + 2 * (stop - first)), scale! + 2 * first);
    if (offset !== undefined) this.#writeOffsets(first, stop, offset);
    this.#kept = { first: stop, stop };
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
