import { PippinError } from "@pippin/core";
import { DTYPES, isFloatDtype } from "../dtype.ts";
import type { KernelsErrorCode } from "../errors.ts";
import { exprInvalid } from "../source-check.ts";
import type { WasmHeap } from "../wasm-heap.ts";
import type { AffineSource, TensorSource } from "../weight-expr.ts";
import { AREAS, PACKED_ELEMENTS, type PackedDecoder, SLACK } from "./packed-tile.ts";
import type { SourceFiles } from "./source-files.ts";

/** Codes held at once. Words of AWQ hold eight rows: a stripe of as many bytes is narrower, and its reads are shorter. */
const STRIPE_BYTES = { gptq: 1024 * 1024, awq: 4 * 1024 * 1024 };
/** Rows are read a multiple of this at a time, since so many fill whole words of any width. */
const STRIPE_ROWS = 32;

/** The nibble of an AWQ word that holds row 0, 1, … 7 of its eight. */
const AWQ_NIBBLES = [0, 4, 1, 5, 2, 6, 3, 7];

/**
 * Decodes affine sources that are stored transposed, GPTQ and AWQ.
 *
 * A row of the weight is a column of words in the file. So a stripe of rows is read at once, a few hundred bytes from
 * each row of words, and transposed as words: then each row's codes lie together. Tiles are decoded from the stripe.
 */
export class PackedStripe implements PackedDecoder {
  readonly #source: AffineSource;
  readonly #heap: WasmHeap;
  readonly #files: SourceFiles;
  readonly #rows: number;
  readonly #columns: number;
  readonly #groups: number;
  readonly #stripeRows: number;
  readonly #areas: StripeAreas;
  /** Whether groups of columns are not contiguous. */
  #indexed = false;
  /** Rows of the weight that the stripe holds. */
  #begin = 0;
  #end = 0;

  /** @param source - checked by `planExpr`, of packing `gptq` or `awq`. @throws PippinError as `planExpr`. */
  constructor(source: AffineSource, heap: WasmHeap, files: SourceFiles) {
    const [rows = 0, columns = 0] = source.shape;
    this.#source = source;
    this.#heap = heap;
    this.#files = files;
    this.#rows = rows;
    this.#columns = columns;
    this.#groups = source.scales.shape[0]!;
    const rowBytes = (columns * source.bits) / 8;
    const fitting =
      Math.floor(STRIPE_BYTES[source.packing === "awq" ? "awq" : "gptq"] / rowBytes / STRIPE_ROWS) *
      STRIPE_ROWS;
    this.#stripeRows = Math.min(Math.max(STRIPE_ROWS, fitting), Math.ceil(rows / STRIPE_ROWS) * STRIPE_ROWS);
    this.#areas = stripeAreas(this.#stripeRows, { rowBytes, columns, groups: this.#groups });
    if (!heap.ensure(this.#areas.end)) throw tooWide(source, this.#areas.end);
    heap.floats(this.#areas.biases, this.#groups).fill(-0);
    this.#loadGroupIndex();
  }

  decode(begin: number, count: number, dst: number): void {
    const columns = this.#columns;
    for (let at = begin; at < begin + count; ) {
      const row = Math.floor(at / columns);
      const column = at - row * columns;
      const length = Math.min(columns - column, begin + count - at);
      if (row < this.#begin || row >= this.#end) this.#load(Math.floor(row / STRIPE_ROWS) * STRIPE_ROWS);
      this.#decodeRow(row - this.#begin, { column, count: length, dst: dst + 4 * (at - begin) });
      at += length;
    }
  }

  #decodeRow(row: number, { column, count, dst }: RowPart): void {
    const { kernels } = this.#heap;
    const { bits, packing, groupSize } = this.#source;
    const { words, codes, scales, zeros, biases, index } = this.#areas;
    const skip = column % 8;
    if (packing === "awq") {
      const from = words + 4 * (Math.floor(row / 8) * this.#columns + column - skip);
      kernels.unpack_nibble(from, codes, skip + count, 4 * AWQ_NIBBLES[row % 8]!);
    } else {
      const from = words + ((row * this.#columns + column - skip) * bits) / 8;
      kernels.unpack_bits(from, codes, skip + count, bits);
    }
    kernels.u8_to_f32(codes + skip, dst, count);
    const own = 4 * row * this.#groups;
    if (this.#indexed) {
      kernels.affine_indexed_f32(dst, count, index + 4 * column, scales + own, zeros + own);
    } else {
      const at = own + 4 * Math.floor(column / groupSize);
      kernels.affine_f32(dst, count, groupSize, column % groupSize, scales + at, zeros + at, biases);
    }
  }

  /** Takes in the stripe that begins with row `begin`. */
  #load(begin: number): void {
    const { codes, bits, packing } = this.#source;
    const { words, raw } = this.#areas;
    const end = Math.min(begin + this.#stripeRows, this.#rows);
    this.#end = this.#begin = 0;
    const wordRows = codes.shape[0]!;
    const rowsInWord = packing === "awq" ? 32 / bits : 1;
    const [from, to] = [begin / rowsInWord, Math.ceil(end / rowsInWord)];
    this.#readColumns(codes, 4, { rows: wordRows, from, to });
    this.#heap.kernels.transpose_words(raw, words, wordRows, to - from);
    this.#loadScales(begin, end);
    this.#loadZeros(begin, end);
    this.#begin = begin;
    this.#end = end;
  }

  #loadScales(begin: number, end: number): void {
    const { scales } = this.#source;
    const { raw, widened, scales: target } = this.#areas;
    this.#readColumns(scales, DTYPES[scales.dtype].blockBytes, { rows: this.#groups, from: begin, to: end });
    const count = this.#groups * (end - begin);
    if (isFloatDtype(scales.dtype)) this.#heap.toF32(scales.dtype, raw, widened, count);
    this.#heap.kernels.transpose_words(widened, target, this.#groups, end - begin);
  }

  #loadZeros(begin: number, end: number): void {
    const { offset, bits, packing } = this.#source;
    const { raw, zeros } = this.#areas;
    const rows = end - begin;
    const values = this.#heap.floats(zeros, rows * this.#groups);
    if (offset.kind !== "zeroPoints") {
      values.fill(offset.kind === "zeroPoint" ? offset.value : 0);
      return;
    }
    const [from, to] = [(begin * bits) / 32, Math.ceil((end * bits) / 32)];
    this.#readColumns(offset.zeros, 4, { rows: this.#groups, from, to });
    const { kernels } = this.#heap;
    const mask = 2 ** bits - 1;
    for (let group = 0; group < this.#groups; group++) {
      kernels.unpack_bits(raw + 4 * group * (to - from), this.#areas.codes, rows, bits);
      const codes = this.#heap.bytes.subarray(this.#areas.codes, this.#areas.codes + rows);
      for (let row = 0; row < rows; row++) {
        const at = packing === "awq" ? row - (row % 8) + AWQ_NIBBLES[row % 8]! : row;
        // A zero point of 0 is stored as all ones where files hold it less one.
        values[row * this.#groups + group] = (codes[at]! + offset.added) & mask;
      }
    }
  }

  #loadGroupIndex(): void {
    const { groupIndex } = this.#source;
    if (groupIndex === undefined) return;
    const { index } = this.#areas;
    const target = this.#heap.bytes.subarray(index, index + 4 * this.#columns);
    this.#files.read(groupIndex.file, target, groupIndex.byteOffset);
    const indices = new Uint32Array(target.buffer, index, this.#columns);
    const wrong = indices.find((group) => group >= this.#groups);
    if (wrong === undefined) {
      // Files without act order carry an index too.
      this.#indexed = indices.some((group, column) => group !== Math.floor(column / this.#source.groupSize));
      return;
    }
    const reason = `an index of groups holds ${wrong | 0}, there are ${this.#groups} groups`;
    throw exprInvalid(groupIndex.file, reason);
  }

  /** Columns `from` to `to` of a matrix of `elementBytes` an element, one row after the other, to the raw area. */
  #readColumns(source: TensorSource, elementBytes: number, { rows, from, to }: ColumnRange): void {
    const { raw } = this.#areas;
    const columns = source.shape[1]!;
    const length = (to - from) * elementBytes;
    if (to - from === columns) {
      const target = this.#heap.bytes.subarray(raw, raw + rows * length);
      this.#files.read(source.file, target, source.byteOffset);
      return;
    }
    const { bytes } = this.#heap;
    const first = source.byteOffset + from * elementBytes;
    for (let row = 0; row < rows; row++) {
      const target = bytes.subarray(raw + row * length, raw + (row + 1) * length);
      this.#files.read(source.file, target, first + row * columns * elementBytes);
    }
  }
}

interface RowPart {
  readonly column: number;
  readonly count: number;
  readonly dst: number;
}

interface ColumnRange {
  readonly rows: number;
  readonly from: number;
  readonly to: number;
}

/** Addresses of what a stripe needs. */
interface StripeAreas {
  /** As read. */
  readonly raw: number;
  /** Scales as F32, not yet transposed. */
  readonly widened: number;
  /** Words of each row one after the other. */
  readonly words: number;
  readonly codes: number;
  /** F32 `[rows, groups]`. */
  readonly scales: number;
  readonly zeros: number;
  /** F32 `[groups]`, all −0. */
  readonly biases: number;
  /** I32 `[columns]`. */
  readonly index: number;
  readonly end: number;
}

interface StripeSize {
  readonly rowBytes: number;
  readonly columns: number;
  readonly groups: number;
}

function stripeAreas(rows: number, { rowBytes, columns, groups }: StripeSize): StripeAreas {
  let end = AREAS;
  const area = (byteLength: number): number => {
    const begin = end;
    // Unpacking reads and writes whole vectors.
    end = Math.ceil((end + byteLength) / 16) * 16 + 4 * SLACK;
    return begin;
  };
  const perGroup = 4 * rows * groups;
  return {
    raw: area(Math.max(rows * rowBytes, perGroup)),
    widened: area(perGroup),
    words: area(rows * rowBytes),
    codes: area(Math.max(PACKED_ELEMENTS, rows)),
    scales: area(perGroup),
    zeros: area(perGroup),
    biases: area(4 * groups),
    index: area(4 * columns),
    end,
  };
}

function tooWide(source: AffineSource, byteLength: number): PippinError<KernelsErrorCode> {
  return new PippinError("KERNELS_MATRIX_TOO_LARGE", {
    message: `a packed matrix of ${source.shape[1]} columns in ${source.codes.file} takes ${byteLength} bytes to read`,
    hint: "Close other programs, or use fewer threads.",
    details: { file: source.codes.file, byteLength },
  });
}
