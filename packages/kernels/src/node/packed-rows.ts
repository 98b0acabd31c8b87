import { DTYPES, isFloatDtype } from "../dtype.ts";
import { areExponents } from "../packed-plan.ts";
import type { WasmHeap } from "../wasm-heap.ts";
import type { AffineSource, PartSource, ScaledSource } from "../weight-expr.ts";
import { AREAS, PACKED_ELEMENTS, type PackedDecoder, SLACK } from "./packed-tile.ts";
import type { SourceFiles } from "./source-files.ts";

/** Groups have at least eight values; one may be cut at each end of a tile. */
const MAX_GROUPS = PACKED_ELEMENTS / 8 + SLACK;
const RAW = AREAS;
const CODES = RAW + PACKED_ELEMENTS + 2 * SLACK;
const RAW_SCALES = CODES + PACKED_ELEMENTS + 2 * SLACK;
const SCALES = RAW_SCALES + 4 * MAX_GROUPS;
const ZEROS = SCALES + 4 * MAX_GROUPS;
const BIASES = ZEROS + 4 * MAX_GROUPS;
const RAW_ZEROS = BIASES + 4 * MAX_GROUPS;
const END = RAW_ZEROS + MAX_GROUPS + 2 * SLACK;

type RowSource = AffineSource | ScaledSource;

const BITS = { F8_E4M3: 8, F8_E5M2: 8, F4_E2M1: 4, I8: 8, I4: 4 } as const;

/** Decodes packed sources whose codes lie row by row: MLX, Core ML, FP8, MXFP4, I8, I4. */
export class PackedRows implements PackedDecoder {
  readonly #source: RowSource;
  readonly #heap: WasmHeap;
  readonly #files: SourceFiles;
  readonly #columns: number;
  readonly #block: readonly [rows: number, columns: number];
  readonly #bits: number;
  /** The scales in memory: this many, from the scale `first` on. */
  #held = { first: 0, count: 0 };

  /** @param source - checked by `planExpr`. */
  constructor(source: RowSource, heap: WasmHeap, files: SourceFiles) {
    heap.ensure(END);
    this.#source = source;
    this.#heap = heap;
    this.#files = files;
    this.#columns = source.shape[1]!;
    this.#block = source.kind === "affine" ? [source.groupRows ?? 1, source.groupSize] : source.block;
    this.#bits = source.kind === "affine" ? source.bits : BITS[source.format];
    const zero = source.kind === "affine" && source.offset.kind === "zeroPoint" ? source.offset.value : 0;
    heap.floats(ZEROS, MAX_GROUPS).fill(zero);
    heap.floats(BIASES, MAX_GROUPS).fill(-0);
  }

  decode(begin: number, count: number, dst: number): void {
    this.#decodeCodes(begin, count, dst);
    const [blockRows, blockColumns] = this.#block;
    const columns = this.#columns;
    if (blockRows === 1 && columns % blockColumns === 0) {
      this.#scale({ first: Math.floor(begin / blockColumns), skip: begin % blockColumns, count, dst });
      return;
    }
    const scalesInRow = Math.ceil(columns / blockColumns);
    for (let at = begin; at < begin + count; ) {
      const row = Math.floor(at / columns);
      const column = at - row * columns;
      const length = Math.min(columns - column, begin + count - at);
      const first = Math.floor(row / blockRows) * scalesInRow + Math.floor(column / blockColumns);
      const skip = column % blockColumns;
      this.#scale({ first, skip, count: length, dst: dst + 4 * (at - begin) });
      at += length;
    }
  }

  /** F32 of the codes as they are. */
  #decodeCodes(begin: number, count: number, dst: number): void {
    const { kernels } = this.#heap;
    const bits = this.#bits;
    const skip = begin % 8;
    const byteOffset = ((begin - skip) * bits) / 8;
    const byteLength = Math.ceil(((skip + count) * bits) / 8);
    this.#read(this.#source.codes, byteOffset, byteLength, RAW);
    let codes = RAW;
    if (bits < 8) {
      kernels.unpack_bits(RAW, CODES, skip + count, bits);
      codes = CODES;
    }
    const convert = {
      affine: kernels.u8_to_f32,
      F8_E4M3: kernels.e4m3_to_f32,
      F8_E5M2: kernels.e5m2_to_f32,
      F4_E2M1: kernels.e2m1_to_f32,
      I8: kernels.i8_to_f32,
      I4: kernels.i4_to_f32,
    }[this.#source.kind === "affine" ? "affine" : this.#source.format];
    convert(codes + skip, dst, count);
  }

  #scale(run: ScaleRun): void {
    const { first, skip, count, dst } = run;
    const group = this.#block[1];
    const groups = Math.ceil((skip + count) / group);
    if (first < this.#held.first || first + groups > this.#held.first + this.#held.count) {
      this.#loadScales(first, groups);
    }
    const at = 4 * (first - this.#held.first);
    const offset = this.#source.kind === "affine" ? this.#source.offset.kind : "zeroPoint";
    const zeros = ZEROS + (offset === "zeroPoints" || offset === "zeroValues" ? at : 0);
    const biases = BIASES + (offset === "biases" ? at : 0);
    this.#heap.kernels.affine_f32(dst, count, group, skip, SCALES + at, zeros, biases);
  }

  #loadScales(first: number, count: number): void {
    const { scales } = this.#source;
    this.#held = { first: 0, count: 0 };
    this.#loadFloats(scales, first, count, SCALES);
    if (this.#source.kind === "affine") this.#loadOffsets(this.#source, first, count);
    this.#held = { first, count };
  }

  #loadOffsets({ offset, bits }: AffineSource, first: number, count: number): void {
    if (offset.kind === "biases") this.#loadFloats(offset.biases, first, count, BIASES);
    if (offset.kind === "zeroValues") this.#loadFloats(offset.zeros, first, count, ZEROS);
    if (offset.kind !== "zeroPoints") return;
    const skip = first % 8;
    const byteOffset = ((first - skip) * bits) / 8;
    const byteLength = Math.ceil(((skip + count) * bits) / 8);
    const { kernels } = this.#heap;
    this.#read(offset.zeros, byteOffset, byteLength, RAW_SCALES);
    kernels.unpack_bits(RAW_SCALES, RAW_ZEROS, skip + count, bits);
    kernels.u8_to_f32(RAW_ZEROS + skip, ZEROS, count);
  }

  #loadFloats(source: PartSource, first: number, count: number, dst: number): void {
    const { blockBytes } = DTYPES[source.dtype];
    this.#read(source, first * blockBytes, count * blockBytes, RAW_SCALES);
    if (areExponents(source)) this.#heap.kernels.e8m0_to_f32(RAW_SCALES, dst, count);
    else if (isFloatDtype(source.dtype)) this.#heap.toF32(source.dtype, RAW_SCALES, dst, count);
  }

  #read(source: PartSource, offset: number, byteLength: number, dst: number): void {
    this.#files.readPart(source, this.#heap.bytes.subarray(dst, dst + byteLength), offset);
  }
}

interface ScaleRun {
  /** The first value's scale, and the values of its group that lie before it. */
  readonly first: number;
  readonly skip: number;
  readonly count: number;
  readonly dst: number;
}
