import type { GridMatrix } from "../encoded-matrix.ts";
import { runsOf } from "../expr-plan.ts";
import { type ErrorSums, noErrors } from "../linear.ts";
import { f16Code, f16Value } from "../plain/float16.ts";
import type { WasmHeap } from "../wasm-heap.ts";
import { isPackedSource } from "../weight-expr.ts";
import { type GridScales, type GroupValues, gridScales } from "./grid-scales.ts";
import type { EncoderIo, MatrixEncoder } from "./matrix-encoder.ts";

/** Elements encoded at once: even, so that no byte holds elements of two windows. */
const WINDOW = 16384;
/** Groups that lie in a window, at least partly; the shortest have 8 elements. */
const MAX_GROUPS = WINDOW / 8 + 2;

const VALUES = 0;
const CODES = VALUES + 4 * WINDOW + 64;
/** F32 [groups, 4]: 1 / scale, minimum, and the scale and offset that are stored. */
const GROUPS = CODES + WINDOW + 64;
/** F64 Σ error², F64 Σ value², F32 largest |error|. */
const SUMS = GROUPS + 16 * MAX_GROUPS;

/** Bytes of the heap that the encoder keeps for itself. */
export const GRID_ENCODER_BYTES: number = SUMS + 32;

/** 1 in F16. */
const ONE = 0x3c00;
/** From here on an offset has lost the group's values; they are as good as equal. */
const MAX_OFFSET = 32768;

/** Encodes any stretch of a matrix on the grid of its checkpoint: the integers are found again from the values. */
export class GridEncoder implements MatrixEncoder {
  readonly #heap: WasmHeap;
  readonly #base: number;
  readonly #matrix: GridMatrix;
  readonly #io: EncoderIo;
  readonly #scales: GridScales;
  readonly #values: GroupValues = groupValues(MAX_GROUPS);
  readonly #one: GroupValues = groupValues(1);
  /** What is stored for groups that begin in the window, in order: F16 codes, integers. */
  readonly #scaleCodes = new Uint16Array(MAX_GROUPS);
  readonly #offsets = new Uint16Array(MAX_GROUPS);

  /** @param base - address of `GRID_ENCODER_BYTES` bytes, a multiple of 16. */
  constructor(heap: WasmHeap, base: number, matrix: GridMatrix, io: EncoderIo) {
    this.#heap = heap;
    this.#base = base;
    this.#matrix = matrix;
    this.#io = io;
    const { source } = matrix.plan;
    if (isPackedSource(source) && source.kind === "palette") throw new TypeError("a palette has no grid");
    this.#scales = gridScales(source, io.part);
    this.#clearSums();
  }

  encode(from: number, to: number, dst: number): void {
    const { plan, bits } = this.#matrix;
    const perByte = 8 / bits;
    const last = Math.min(to * perByte, plan.elements);
    for (let begin = from * perByte; begin < last; begin += WINDOW) {
      const end = Math.min(begin + WINDOW, last);
      this.#encodeWindow(begin, end);
      const codes = this.#base + CODES;
      const out = dst + begin / perByte - from;
      if (bits === 4) this.#heap.kernels.pack_nibbles(codes, out, end - begin);
      else this.#heap.bytes.copyWithin(out, codes, codes + end - begin);
    }
  }

  takeSums(): ErrorSums {
    const view = this.#sumsView();
    const sums: ErrorSums = {
      ...noErrors(),
      squaredError: view.getFloat64(0, true),
      squares: view.getFloat64(8, true),
      maxError: view.getFloat32(16, true),
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
      const first = (sourceElement - skip) / groupSize;
      const groups = Math.ceil((skip + count) / groupSize);
      this.#load(first, groups, this.#values);
      const own = Math.ceil((begin + done) / groupSize);
      this.#store(groups);
      const [src, dst] = [base + VALUES + 4 * done, base + CODES + done];
      this.#heap.kernels.grid_codes(src, dst, count, groupSize, skip, base + GROUPS, low, high, base + SUMS);
      this.#writeParts(own, skip > 0 ? 1 : 0, groups);
      done += count;
    }
  }

  #load(first: number, count: number, into: GroupValues): void {
    this.#scales.load(first, count, into);
    for (const op of this.#matrix.plan.elementOps) {
      if (op.kind !== "scale") continue; // `ownGrid` knows no other
      for (let i = 0; i < count; i++) {
        into.scales[i]! *= op.factor;
        into.minima[i]! *= op.factor;
      }
    }
  }

  /** Puts the parameters of the loaded groups where the kernel reads them; stages those that are stored. */
  #store(groups: number): void {
    const { offset, high } = this.#matrix;
    const { scales, minima } = this.#values;
    const parameters = this.#heap.floats(this.#base + GROUPS, 4 * groups);
    for (let group = 0; group < groups; group++) {
      const [scale, minimum] = [scales[group]!, minima[group]!];
      let scaleCode = f16Code(scale);
      let offsetCode = 0;
      let stored = 0;
      let inverse = scale === 0 ? 0 : 1 / scale;
      if (offset === "integer" && scale !== 0) {
        offsetCode = stored = Math.min(Math.max(Math.round(-minimum / scale), 0), high);
      } else if (offset === "float") {
        stored = -minimum / f16Value(scaleCode);
        if (!(Math.abs(stored) <= MAX_OFFSET)) {
          // All values of the group are its minimum, or as good as that: 1 · (0 + minimum).
          scaleCode = ONE;
          stored = -minimum;
          inverse = 0;
        }
        offsetCode = f16Code(stored);
        stored = f16Value(offsetCode);
      }
      this.#scaleCodes[group] = scaleCode;
      this.#offsets[group] = offsetCode;
      parameters.set([inverse, minimum, f16Value(scaleCode), stored], 4 * group);
    }
  }

  /** Writes what is stored for groups `skipped` to `groups` of those staged, the first of which is `own` in the result. */
  #writeParts(own: number, skipped: number, groups: number): void {
    if (skipped >= groups) return;
    const { partAt, offset } = this.#matrix;
    this.#io.write(bytesOf(this.#scaleCodes, skipped, groups), partAt.scale! + 2 * own);
    if (offset === "float") this.#io.write(bytesOf(this.#offsets, skipped, groups), partAt.offset! + 2 * own);
    if (offset === "integer") this.#writeIntegers(own, this.#offsets.subarray(skipped, groups));
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
    const next = end - begin;
    if (next % 2 === 1 && end < groups) packed[packed.length - 1]! |= this.#integerOffset(end) << 4;
    this.#io.write(packed, partAt.offset! + begin / 2);
  }

  /** The offset of a group of the result that this window does not have. */
  #integerOffset(group: number): number {
    const { plan, groupSize, high } = this.#matrix;
    const [run] = runsOf(plan, group * groupSize, 1);
    this.#load(run!.sourceElement / groupSize, 1, this.#one);
    const [scale, minimum] = [this.#one.scales[0]!, this.#one.minima[0]!];
    return scale === 0 ? 0 : Math.min(Math.max(Math.round(-minimum / scale), 0), high);
  }

  #sumsView(): DataView {
    return new DataView(this.#heap.bytes.buffer, this.#base + SUMS, 24);
  }

  #clearSums(): void {
    const sums = this.#base + SUMS;
    this.#heap.bytes.fill(0, sums, sums + 24);
  }
}

function groupValues(count: number): GroupValues {
  return { scales: new Float32Array(count), minima: new Float32Array(count) };
}

/** Little-endian, as all machines are that run Node. */
function bytesOf(values: Uint16Array, from: number, to: number): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset + 2 * from, 2 * (to - from));
}
