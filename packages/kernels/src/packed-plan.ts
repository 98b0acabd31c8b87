import { checkSource, exprInvalid, isCount } from "./source-check.ts";
import type {
  AffineSource,
  PackedSource,
  PaletteSource,
  PartSource,
  ScaledSource,
  TensorSource,
} from "./weight-expr.ts";

/** Widest packed matrix: about five times the widest projection of a published model. Bounds a reader's memory. */
const MAX_COLUMNS = 2 ** 18;
const MAX_ROWS = 2 ** 28;
/** Smallest group, and smallest width: bounds the scales that a tile needs. */
const MIN_GROUP = 8;

const SCALE_DTYPES: readonly string[] = ["F16", "BF16", "F32"];
const EXPONENT_DTYPES: readonly string[] = ["U8", "F8_E8M0"];
const WORD_DTYPES: readonly string[] = ["I32", "U32"];
const PALETTE_BITS: readonly number[] = [1, 2, 3, 4, 6, 8];
const CODE_BITS: readonly number[] = [2, 3, 4, 5, 6, 8];

/** Whether scales are powers of two, written as exponents. */
export function areExponents(scales: TensorSource): boolean {
  return EXPONENT_DTYPES.includes(scales.dtype);
}

/**
 * Checks that the tensors of a packed source fit each other, so that reading any of its rows stays inside of them.
 *
 * @throws PippinError `KERNELS_EXPR_INVALID`. Indices of groups are checked when they are read.
 */
export function checkPacked(source: PackedSource, name: string): void {
  const check = new PackedCheck(name);
  const [rows = 0, columns = 0] = source.shape;
  const fits = isCount(rows) && rows > 0 && rows <= MAX_ROWS && isCount(columns) && columns <= MAX_COLUMNS;
  check.that(source.shape.length === 2 && fits && columns >= MIN_GROUP, () => {
    return `a packed matrix cannot have the shape [${source.shape}]`;
  });
  const size = { rows, columns };
  if (source.kind === "affine") checkAffine(source, size, check);
  else if (source.kind === "scaled") checkScaled(source, size, check);
  else checkPalette(source, size, check);
}

interface Size {
  readonly rows: number;
  readonly columns: number;
}

class PackedCheck {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  that(holds: boolean, reason: () => string): void {
    if (!holds) throw exprInvalid(this.#name, reason());
  }

  /** Bytes that hold `count` codes of so many bits, without a gap. */
  stream(what: string, source: PartSource, count: number, bits: number): void {
    this.tensor(what, source, ["U8"], [Math.ceil((count * bits) / 8)]);
  }

  tensor(what: string, source: PartSource, dtypes: readonly string[], shape: readonly number[]): void {
    checkSource(source, this.#name);
    const same =
      source.shape.length === shape.length && shape.every((size, axis) => size === source.shape[axis]);
    this.that(dtypes.includes(source.dtype) && same, () => {
      return `its ${what} are ${source.dtype} [${source.shape}] instead of ${dtypes.join(" or ")} [${shape}]`;
    });
  }
}

function checkPalette(source: PaletteSource, { rows, columns }: Size, check: PackedCheck): void {
  const { codes, bits, groupRows, table } = source;
  check.that(PALETTE_BITS.includes(bits), () => `indices of ${bits} bits are not read`);
  check.that(
    isCount(groupRows) && groupRows > 0 && rows % groupRows === 0,
    () => `${rows} rows are no whole groups of ${groupRows}`,
  );
  check.stream("indices", codes, rows * columns, bits);
  check.tensor("table", table, ["F16", "F32"], [rows / groupRows, 2 ** bits]);
}

function checkAffine(source: AffineSource, { rows, columns }: Size, check: PackedCheck): void {
  const { bits, packing, groupSize, groupRows = 1, codes, scales, offset, groupIndex } = source;
  check.that(CODE_BITS.includes(bits), () => `codes of ${bits} bits are not read`);
  check.that(
    isCount(groupSize) && groupSize >= MIN_GROUP,
    () => `groups of ${groupSize} columns are not read`,
  );
  const groups = Math.ceil(columns / groupSize);
  if (packing === "rows") {
    const whole = columns % groupSize === 0 && isCount(groupRows) && groupRows > 0 && rows % groupRows === 0;
    check.that(whole, () => `[${source.shape}] is no whole blocks of ${groupRows} × ${groupSize}`);
    const count = rows / groupRows;
    if (codes.dtype === "U8") check.stream("codes", codes, rows * columns, bits);
    else check.tensor("codes", codes, WORD_DTYPES, [rows, (columns * bits) / 32]);
    check.tensor("scales", scales, SCALE_DTYPES, [count, groups]);
    check.that(groupIndex === undefined, () => "rows of bits cannot have an index of groups");
    if (offset.kind === "biases") check.tensor("biases", offset.biases, SCALE_DTYPES, [count, groups]);
    if (offset.kind === "zeroValues")
      check.tensor("zero points", offset.zeros, SCALE_DTYPES, [count, groups]);
    if (offset.kind === "zeroPoints") {
      check.stream("zero points", offset.zeros, count * groups, bits);
      check.that(offset.added === 0, () => "zero points of a stream are whole");
    }
  } else {
    const parts = [codes, scales, offset.kind === "zeroPoints" ? offset.zeros : codes];
    check.that(
      parts.every(({ inline }) => inline === undefined),
      () => "transposed codes are read from files only",
    );
    if (packing === "awq") check.that(bits === 4, () => `AWQ words hold 4 bits a code, not ${bits}`);
    const words = (count: number) => (count * bits) / 32;
    const shape = packing === "awq" ? [columns, words(rows)] : [words(columns), rows];
    check.tensor("codes", codes, WORD_DTYPES, shape);
    check.tensor("scales", scales, SCALE_DTYPES, [groups, rows]);
    const stored = offset.kind === "biases" || offset.kind === "zeroValues";
    check.that(
      !stored && groupRows === 1,
      () => "transposed codes cannot have offsets of floats, nor groups of rows",
    );
    if (offset.kind === "zeroPoints")
      check.tensor("zero points", offset.zeros, WORD_DTYPES, [groups, words(rows)]);
    if (groupIndex !== undefined) {
      check.that(packing === "gptq", () => "AWQ words cannot have an index of groups");
      check.tensor("indices of groups", groupIndex, ["I32"], [columns]);
    }
  }
  if (offset.kind === "zeroPoint")
    check.that(isCount(offset.value), () => `${offset.value} is no zero point`);
}

function checkScaled(source: ScaledSource, { rows, columns }: Size, check: PackedCheck): void {
  const { format, codes, scales } = source;
  const [blockRows, blockColumns] = source.block;
  const whole = isCount(blockRows) && blockRows > 0 && isCount(blockColumns) && blockColumns >= MIN_GROUP;
  check.that(whole, () => `blocks of ${blockRows} × ${blockColumns} values are not read`);
  checkSource(codes, source.codes.file);
  // MLX packs floats in words too.
  const nibbles = format === "F4_E2M1" || format === "I4";
  const dtypes: readonly string[] = [nibbles ? "U8" : format, "U32"];
  const bytes = nibbles ? Math.ceil((rows * columns) / 2) : rows * columns;
  check.that(dtypes.includes(codes.dtype) && codes.byteLength === bytes, () => {
    return `its codes are ${codes.dtype} [${codes.shape}], which is not ${rows} × ${columns} of ${format}`;
  });
  checkSource(scales, source.codes.file);
  const count = Math.ceil(rows / blockRows) * Math.ceil(columns / blockColumns);
  const found = scales.shape.reduce((product, size) => product * size, 1);
  const known = SCALE_DTYPES.includes(scales.dtype) || areExponents(scales);
  check.that(known && found === count, () => {
    const blocks = `${count} blocks of ${blockRows} × ${blockColumns}`;
    return `its scales are ${scales.dtype} [${scales.shape}] for ${blocks} in [${source.shape}]`;
  });
}
