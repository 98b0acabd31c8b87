import { DTYPES, isFloatDtype } from "../dtype.ts";
import type { WasmHeap } from "../wasm-heap.ts";
import type { PaletteSource, PartSource } from "../weight-expr.ts";
import { AREAS, PACKED_ELEMENTS, type PackedDecoder, SLACK } from "./packed-tile.ts";
import type { SourceFiles } from "./source-files.ts";

/** Tables in memory at once; the longest has 256 values. */
const MAX_TABLES = 64;
const RAW = AREAS;
const CODES = RAW + PACKED_ELEMENTS + 2 * SLACK;
const RAW_TABLES = CODES + PACKED_ELEMENTS + 2 * SLACK;
const TABLES = RAW_TABLES + 4 * 256 * MAX_TABLES;
const END = TABLES + 4 * 256 * MAX_TABLES;

/** Decodes palettes: unpacks indices and looks them up in the table of their rows. */
export class PackedPalette implements PackedDecoder {
  readonly #source: PaletteSource;
  readonly #heap: WasmHeap;
  readonly #files: SourceFiles;
  readonly #tableSize: number;
  /** Elements that share a table. */
  readonly #group: number;
  /** The tables in memory: this many, from `first` on. */
  #held = { first: 0, count: 0 };

  /** @param source - checked by `planExpr`. */
  constructor(source: PaletteSource, heap: WasmHeap, files: SourceFiles) {
    heap.ensure(END);
    this.#source = source;
    this.#heap = heap;
    this.#files = files;
    this.#tableSize = 2 ** source.bits;
    this.#group = source.groupRows * source.shape[1]!;
  }

  decode(begin: number, count: number, dst: number): void {
    const { codes, bits } = this.#source;
    const { kernels } = this.#heap;
    const skip = begin % 8;
    const byteLength = Math.ceil(((skip + count) * bits) / 8);
    this.#read(codes, ((begin - skip) * bits) / 8, byteLength, RAW);
    kernels.unpack_bits(RAW, CODES, skip + count, bits);
    for (let at = begin; at < begin + count; ) {
      const group = Math.floor(at / this.#group);
      const length = Math.min((group + 1) * this.#group, begin + count) - at;
      kernels.lookup_f32(CODES + skip + at - begin, dst + 4 * (at - begin), length, this.#tableAt(group));
      at += length;
    }
  }

  /** Address of a group's table as F32. */
  #tableAt(group: number): number {
    const { table } = this.#source;
    const size = this.#tableSize;
    if (group < this.#held.first || group >= this.#held.first + this.#held.count) {
      const count = Math.min(MAX_TABLES, table.shape[0]! - group);
      const bytes = DTYPES[table.dtype].blockBytes * size;
      this.#held = { first: 0, count: 0 };
      this.#read(table, group * bytes, count * bytes, RAW_TABLES);
      if (isFloatDtype(table.dtype)) this.#heap.toF32(table.dtype, RAW_TABLES, TABLES, count * size);
      this.#held = { first: group, count };
    }
    return TABLES + 4 * size * (group - this.#held.first);
  }

  #read(source: PartSource, offset: number, byteLength: number, dst: number): void {
    this.#files.readPart(source, this.#heap.bytes.subarray(dst, dst + byteLength), offset);
  }
}
