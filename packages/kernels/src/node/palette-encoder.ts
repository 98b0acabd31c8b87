import type { PaletteMatrix } from "../encoded-matrix.ts";
import { addErrors, type ErrorSums, noErrors } from "../linear.ts";
import { fitTable } from "../palette/fit.ts";
import { fillIndexTable } from "../palette/index-table.ts";
import { CODE_BINS, HeapHistogram, HISTOGRAM_BYTES } from "../palette-heap.ts";
import type { WasmHeap } from "../wasm-heap.ts";
import type { EncoderIo, MatrixEncoder } from "./matrix-encoder.ts";
import type { FittedTable } from "./shared-tables.ts";

/** Elements mapped to indices at once: a multiple of 8, so that they end with a byte. */
const WINDOW = 65536;
/** Codes of a group that are kept from its histogram until they are mapped; longer groups are read twice. */
const MAX_HELD = 262_144;
/** Entries of tables that are gathered before they are written. */
const TABLE_ENTRIES = 16_384;

const TABLE = HISTOGRAM_BYTES;
const HELD = TABLE + CODE_BINS;
const INDICES = HELD + 2 * MAX_HELD;
const PACKED = INDICES + WINDOW;

/** Bytes of the heap that the encoder keeps for itself. The kernel stores eight bytes at a time. */
export const PALETTE_ENCODER_BYTES: number = PACKED + WINDOW + 16;

/** Encodes any stretch of a matrix as indices into look-up tables. */
export class PaletteEncoder implements MatrixEncoder {
  readonly #heap: WasmHeap;
  readonly #base: number;
  readonly #matrix: PaletteMatrix;
  readonly #io: EncoderIo;
  readonly #histogram: HeapHistogram;
  readonly #search: "exact" | "fast";
  #sums = noErrors();
  /** The last group that was fitted; the index table is its. */
  #fitted: { readonly group: number; readonly table: FittedTable } | undefined;
  /** Elements whose codes are held. */
  #held = { begin: 0, end: 0 };
  /** Where the stretch that is encoded ends: nothing behind its last group is read. */
  #needed = 0;
  /** Tables of consecutive groups that wait to be written. */
  readonly #tables = new Uint16Array(TABLE_ENTRIES);
  #waiting = { group: 0, entries: 0 };

  /** @param base - address of `PALETTE_ENCODER_BYTES` bytes, a multiple of 16. */
  constructor(heap: WasmHeap, base: number, matrix: PaletteMatrix, io: EncoderIo) {
    this.#heap = heap;
    this.#base = base;
    this.#matrix = matrix;
    this.#io = io;
    heap.bytes.fill(0, base, base + 4 * CODE_BINS);
    this.#histogram = new HeapHistogram(heap, base);
    this.#search = matrix.encoding.granularity === "per_tensor" ? "exact" : "fast";
  }

  encode(from: number, to: number, dst: number): void {
    const { plan, encoding, groupSize } = this.#matrix;
    const { bits } = encoding;
    const { bytes, kernels } = this.#heap;
    const packed = this.#base + PACKED;
    // Elements that have bits in these bytes; eight of them take `bits` bytes.
    const first = Math.floor((8 * from) / bits);
    const last = Math.min(Math.ceil((8 * to) / bits), plan.elements);
    this.#needed = Math.ceil(last / groupSize) * groupSize;
    for (let origin = first - (first % 8); origin < last; origin += WINDOW) {
      const begin = Math.max(origin, first);
      const end = Math.min(origin + WINDOW, last);
      this.#map(begin, end, { origin, from, to });
      const eights = Math.ceil((end - origin) / 8);
      kernels.pack_indices(this.#base + INDICES, packed, eights, bits);
      const at = (origin / 8) * bits;
      const start = Math.max(from, at);
      const stop = Math.min(to, at + eights * bits);
      bytes.copyWithin(dst + start - from, packed + start - at, packed + stop - at);
    }
    this.#writeTables();
  }

  takeSums(): ErrorSums {
    const sums = this.#sums;
    this.#sums = noErrors();
    return sums;
  }

  /** Puts the indices of elements `begin` to `end` where those from `origin` on are packed. */
  #map(begin: number, end: number, range: EncodedRange): void {
    const { groupSize, encoding } = this.#matrix;
    const { bytes, kernels } = this.#heap;
    const indices = this.#base + INDICES - range.origin;
    bytes.fill(0, indices + range.origin, indices + begin);
    for (let at = begin; at < end; ) {
      const group = Math.floor(at / groupSize);
      const stop = Math.min((group + 1) * groupSize, end);
      const table = this.#tableOf(group);
      const firstByte = Math.floor((at * encoding.bits) / 8);
      const owned = at === group * groupSize && firstByte >= range.from && firstByte < range.to;
      if (owned) this.#take(group, table);
      kernels.map_codes(this.#hold(at, stop), indices + at, stop - at, this.#base + TABLE);
      at = stop;
    }
    bytes.fill(0, indices + end, indices + 8 * Math.ceil(end / 8));
  }

  /** The table of a group; leaves its index table in the heap. */
  #tableOf(group: number): FittedTable {
    if (this.#fitted?.group === group) return this.#fitted.table;
    const table = this.#matrix.groups === 1 ? this.#io.table(() => this.#fit(0)) : this.#fit(group);
    const address = this.#base + TABLE;
    fillIndexTable(table.lut, this.#heap.bytes.subarray(address, address + CODE_BINS));
    this.#fitted = { group, table };
    return table;
  }

  #fit(group: number): FittedTable {
    const { groupSize, encoding } = this.#matrix;
    const begin = group * groupSize;
    this.#histogram.clear();
    const step = groupSize <= MAX_HELD ? groupSize : WINDOW;
    for (let at = begin; at < begin + groupSize; at += step) {
      const count = Math.min(step, begin + groupSize - at);
      this.#histogram.count(this.#hold(at, at + count), count);
    }
    return fitTable(this.#histogram.distinct(), encoding.bits, { search: this.#search });
  }

  /** Address of the codes of elements `begin` to `end`, at most `MAX_HELD`; reads whole groups ahead if they are short. */
  #hold(begin: number, end: number): number {
    const codes = this.#base + HELD;
    if (begin >= this.#held.begin && end <= this.#held.end) return codes + 2 * (begin - this.#held.begin);
    const { groupSize } = this.#matrix;
    const ahead = Math.floor(WINDOW / groupSize) * groupSize;
    const stop = Math.max(end, Math.min(begin + ahead, this.#needed));
    this.#held = { begin: 0, end: 0 };
    this.#io.read(begin, stop - begin, codes);
    this.#held = { begin, end: stop };
    return codes;
  }

  /** Accounts for a group whose first element is encoded here: its errors, its table. */
  #take(group: number, { lut, squaredError, sumOfSquares, maxError }: FittedTable): void {
    addErrors(this.#sums, { ...noErrors(), squaredError, squares: sumOfSquares, maxError });
    if (this.#waiting.entries + lut.length > TABLE_ENTRIES) this.#writeTables();
    if (this.#waiting.entries === 0) this.#waiting.group = group;
    this.#tables.set(lut, this.#waiting.entries);
    this.#waiting.entries += lut.length;
  }

  #writeTables(): void {
    const { group, entries } = this.#waiting;
    if (entries === 0) return;
    const { partAt, encoding } = this.#matrix;
    const bytes = new Uint8Array(this.#tables.buffer, 0, 2 * entries);
    this.#io.write(bytes, partAt.lut! + 2 * group * 2 ** encoding.bits);
    this.#waiting.entries = 0;
  }
}

/** Bytes `from` to `to` of the packed indices are encoded; those of a window are packed from element `origin` on. */
interface EncodedRange {
  readonly origin: number;
  readonly from: number;
  readonly to: number;
}
