import { PippinError } from "@pippin/core";
import {
  type CodeHistogram,
  createCodeHistogram,
  type FitOptions,
  fillIndexTable,
  mapCodes,
  packIndices,
  paletteGroupSizes,
  paletteGroups,
  unpackIndices,
} from "@pippin/kernels";
import type { PaletteEncoding } from "./encoding.ts";
import type { PaletteErrorCode } from "./errors.ts";
import { fitPalette } from "./fit.ts";

/** Codes that are mapped and packed at a time. */
const TILE = 65536;
const FINITE = 0x7c00;

export interface PalettizeOptions extends FitOptions {
  /** Name of the tensor, for messages. */
  readonly name?: string | undefined;
}

/** A matrix as indices into look-up tables. */
export interface Palettized {
  /** The indices `[rows, cols]`, packed over the whole matrix from the lowest bits on. */
  readonly indices: Uint8Array;
  /** F16 codes `[groups, 2^bits]`, each table ascending; entries that no weight needs repeat the last one. */
  readonly lut: Uint16Array;
  readonly groups: number;
  /** Σ (w − w')² over the matrix. */
  readonly squaredError: number;
  /** Σ w². */
  readonly sumOfSquares: number;
  /** No tables of real numbers for these groups give a smaller squared error than this. */
  readonly lowerBound: number;
}

/**
 * Replaces the weights of a matrix by the nearest entries of look-up tables with the least squared error.
 *
 * Memory beside the codes and the result: about 4 MB, some 10 MB more for one table of a large matrix. `search` is
 * `exact` for one table and `fast` for groups by default.
 *
 * @param codes - F16 codes `[rows, cols]`, row-major; −0 becomes 0.
 * @throws PippinError `QUANTIZE_PALETTE_SHAPE`, `QUANTIZE_PALETTE_EMPTY`, `QUANTIZE_PALETTE_GROUP_SIZE`,
 *   `QUANTIZE_PALETTE_NOT_FINITE`.
 */
export function palettize(
  codes: Uint16Array,
  shape: readonly [rows: number, cols: number],
  encoding: PaletteEncoding,
  options: PalettizeOptions = {},
): Palettized {
  const name = options.name ?? "the matrix";
  checkSize(name, "codes", codes.length, shape[0] * shape[1]);
  const groups = groupCount(name, shape, encoding);
  const { bits } = encoding;
  const groupLength = codes.length / groups;
  const search = options.search ?? (encoding.granularity === "per_tensor" ? "exact" : "fast");
  const writer = new IndexWriter(codes.length, bits);
  const lut = new Uint16Array(groups * 2 ** bits);
  const sums = { squaredError: 0, sumOfSquares: 0, lowerBound: 0 };
  const histogram = createCodeHistogram();
  for (let group = 0; group < groups; group++) {
    const part = codes.subarray(group * groupLength, (group + 1) * groupLength);
    histogram.clear();
    addFinite(histogram, part, name, group * groupLength);
    const palette = fitPalette(histogram, bits, { search });
    lut.set(palette.lut, group * 2 ** bits);
    writer.write(part, palette.lut);
    sums.squaredError += palette.squaredError;
    sums.sumOfSquares += palette.sumOfSquares;
    sums.lowerBound += palette.lowerBound;
  }
  return { indices: writer.finish(), lut, groups, ...sums };
}

export interface DepalettizeInput {
  /** Packed indices of the matrix. */
  readonly indices: Uint8Array;
  /** F16 codes `[groups, 2^bits]`. */
  readonly lut: Uint16Array;
}

/**
 * The F16 codes `[rows, cols]` that indices and tables stand for.
 *
 * @throws PippinError `QUANTIZE_PALETTE_SHAPE`, `QUANTIZE_PALETTE_EMPTY`, `QUANTIZE_PALETTE_GROUP_SIZE`.
 */
export function depalettize(
  { indices, lut }: DepalettizeInput,
  shape: readonly [rows: number, cols: number],
  encoding: PaletteEncoding,
): Uint16Array {
  const groups = groupCount("the matrix", shape, encoding);
  const { bits } = encoding;
  const count = shape[0] * shape[1];
  checkSize("the matrix", "bytes of indices", indices.length, Math.ceil((count * bits) / 8));
  checkSize("the matrix", "table entries", lut.length, groups * 2 ** bits);
  const codes = new Uint16Array(count);
  const groupLength = count / groups;
  unpackIndices(indices, bits, count).forEach((index, i) => {
    codes[i] = lut[(Math.floor(i / groupLength) << bits) + index]!;
  });
  return codes;
}

/** Packs the indices of consecutive codes, whatever their number. */
class IndexWriter {
  readonly #bits: PaletteEncoding["bits"];
  readonly #packed: Uint8Array;
  readonly #table = new Uint8Array(65536);
  /** Indices not packed yet: fewer than 8 between two calls, since 8 of them end with a byte. */
  readonly #indices = new Uint8Array(TILE + 8);
  #waiting = 0;
  #written = 0;

  constructor(count: number, bits: PaletteEncoding["bits"]) {
    this.#bits = bits;
    this.#packed = new Uint8Array(Math.ceil((count * bits) / 8));
  }

  write(codes: Uint16Array, lut: Uint16Array): void {
    fillIndexTable(lut, this.#table);
    for (let at = 0; at < codes.length; at += TILE) {
      const tile = codes.subarray(at, at + TILE);
      const filled = this.#waiting + tile.length;
      mapCodes(tile, this.#table, this.#indices.subarray(this.#waiting, filled));
      const whole = filled - (filled % 8);
      this.#pack(whole);
      this.#indices.copyWithin(0, whole, filled);
      this.#waiting = filled - whole;
    }
  }

  finish(): Uint8Array {
    this.#pack(this.#waiting);
    return this.#packed;
  }

  #pack(count: number): void {
    const bytes = packIndices(this.#indices.subarray(0, count), this.#bits);
    this.#packed.set(bytes, this.#written);
    this.#written += bytes.length;
  }
}

function groupCount(
  name: string,
  [rows, cols]: readonly [number, number],
  encoding: PaletteEncoding,
): number {
  if (rows * cols === 0) {
    throw new PippinError<PaletteErrorCode>("QUANTIZE_PALETTE_EMPTY", {
      message: `${name} has shape [${rows}, ${cols}], so it has no weights to make a palette of`,
      hint: "Leave empty tensors as they are.",
      details: { name, rows, cols },
    });
  }
  if (encoding.granularity === "per_tensor") return 1;
  const { groupSize } = encoding;
  const fitting = paletteGroupSizes(rows);
  if (fitting.includes(groupSize)) return paletteGroups(encoding, rows);
  throw new PippinError<PaletteErrorCode>("QUANTIZE_PALETTE_GROUP_SIZE", {
    message: `${name} has ${rows} rows, which groups of ${groupSize} do not divide`,
    hint: `Use one of these group sizes: ${fitting.join(", ")}; or granularity "per_tensor".`,
    details: { name, rows, groupSize, fitting },
  });
}

function addFinite(histogram: CodeHistogram, codes: Uint16Array, name: string, begin: number): void {
  if (histogram.add(codes) < FINITE) return;
  const at = begin + codes.findIndex((code) => (code & 0x7fff) >= FINITE);
  throw new PippinError<PaletteErrorCode>("QUANTIZE_PALETTE_NOT_FINITE", {
    message: `${name} has an infinity or NaN at element ${at}, which no palette can approximate`,
    hint: "Check the checkpoint for damaged weights, or keep this tensor in F16.",
    details: { name, element: at },
  });
}

function checkSize(name: string, what: string, got: number, wanted: number): void {
  if (got === wanted) return;
  throw new PippinError<PaletteErrorCode>("QUANTIZE_PALETTE_SHAPE", {
    message: `${name} comes with ${got} ${what}, its shape asks for ${wanted}`,
    hint: "Pass the rows and columns of the matrix itself, as stored.",
    details: { name, got, wanted },
  });
}
