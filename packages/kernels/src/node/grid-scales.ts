import { castToF32 } from "../cast.ts";
import { DTYPES, type FloatDtype } from "../dtype.ts";
import { areExponents } from "../packed-plan.ts";
import { plainCode } from "../plain/packed.ts";
import type { WasmExports, WasmHeap } from "../wasm-heap.ts";
import type { AffineSource, PartSource, ScaledSource, TensorSource } from "../weight-expr.ts";

/** Bytes of a part of a weight. */
export type ReadPart = (part: PartSource, offset: number, byteLength: number) => Uint8Array;

/** Groups for which the areas need room beyond those asked for: blocks hold up to 16, of which the first may not be the one. */
export const AREA_GROUPS = 32;
/** Bytes of a part read at once: the scales of a tile. */
const AHEAD_BYTES = 32768;

/** Where scales come from, and go to. */
export interface ScaleAreas {
  readonly heap: WasmHeap;
  /** Addresses of F32 numbers. */
  readonly scales: number;
  readonly minima: number;
  readonly io: {
    readonly part: ReadPart;
    readonly blocks: (first: number, count: number) => number;
  };
}

/** Finds the scales and minima of a quantized matrix: value = scale · code + minimum. */
export interface GridScales {
  /**
   * Puts those of `count` groups from group `first` on, of the source's rows one after the other, into the areas.
   *
   * @returns the place of the first one there.
   */
  load(first: number, count: number): number;
}

interface GroupValues {
  readonly scales: Float32Array;
  readonly minima: Float32Array;
}

type FillScales = (first: number, count: number, into: GroupValues) => void;

/** The nibble of an AWQ word that holds row 0, 1, … 7 of its eight. */
const AWQ_NIBBLES = [0, 4, 1, 5, 2, 6, 3, 7];

type BlockScales = Extract<keyof WasmExports, `${string}_scales`>;

/** How blocks of GGUF hold the scales of their groups, and how many. The plain twin is `GGUF_GROUPS`. */
export const BLOCK_SCALES: Readonly<Record<string, readonly [kernel: BlockScales, groups: number]>> = {
  Q4_0: ["whole_scales", 1],
  Q5_0: ["whole_scales", 1],
  Q8_0: ["whole_scales", 1],
  Q4_1: ["affine_scales", 1],
  Q5_1: ["affine_scales", 1],
  Q2_K: ["q2_k_scales", 16],
  Q3_K: ["q3_k_scales", 16],
  Q4_K: ["q4_k_scales", 8],
  Q5_K: ["q4_k_scales", 8],
  Q6_K: ["q6_k_scales", 16],
};

/** @param source - one that `ownGrid` has an integer grid for. */
export function gridScales(
  source: TensorSource | AffineSource | ScaledSource,
  areas: ScaleAreas,
): GridScales {
  if (!("kind" in source)) return blockScales(source, areas);
  const { heap, scales, minima } = areas;
  const read = readAhead(areas.io.part);
  const fill = packedScales(source, read);
  return {
    load(first, count) {
      fill(first, count, { scales: heap.floats(scales, count), minima: heap.floats(minima, count) });
      return 0;
    },
  };
}

/** GGUF: in the blocks themselves. */
function blockScales(source: TensorSource, { heap, scales, minima, io }: ScaleAreas): GridScales {
  const { blockBytes } = DTYPES[source.dtype];
  const [kernel, groupsInBlock] = BLOCK_SCALES[source.dtype]!; // all that `ownGrid` knows
  const find = heap.kernels[kernel];
  return {
    load(first, count) {
      const begin = Math.floor(first / groupsInBlock);
      const blocks = Math.ceil((first + count) / groupsInBlock) - begin;
      find(io.blocks(begin, blocks), scales, minima, blocks, blockBytes);
      return first - begin * groupsInBlock;
    },
  };
}

function packedScales(source: AffineSource | ScaledSource, read: ReadPart): FillScales {
  if (source.kind === "scaled") return scaledScales(source, read);
  return source.packing === "rows" ? rowScales(source, read) : transposedScales(source, read);
}

/** Reads parts in larger pieces, of which one each is held. */
function readAhead(read: ReadPart): ReadPart {
  const held = new Map<PartSource, { readonly begin: number; readonly bytes: Uint8Array }>();
  return (part, offset, byteLength) => {
    let piece = held.get(part);
    if (!piece || offset < piece.begin || offset + byteLength > piece.begin + piece.bytes.byteLength) {
      const ahead = Math.min(AHEAD_BYTES, part.byteLength - offset);
      piece = { begin: offset, bytes: read(part, offset, Math.max(byteLength, ahead)).slice() };
      held.set(part, piece);
    }
    return piece.bytes.subarray(offset - piece.begin, offset - piece.begin + byteLength);
  };
}

/** Integers with a scale for each block of rows and columns. */
function scaledScales(source: ScaledSource, read: ReadPart): FillScales {
  const [blockRows, blockColumns] = source.block;
  const inRow = source.shape[1]! / blockColumns;
  return (first, count, { scales, minima }) => {
    minima.fill(0, 0, count);
    for (const { at, length, done } of stretches({ first, count, inRow, groupRows: blockRows })) {
      scales.set(floats(source.scales, read, at, length), done);
    }
  };
}

/** Scales `[rows / groupRows, groups]`, and biases or zero points likewise. */
function rowScales(source: AffineSource, read: ReadPart): FillScales {
  const { groupRows = 1, groupSize } = source;
  const inRow = source.shape[1]! / groupSize;
  const minimaAt = minimaOf(source, read);
  return (first, count, { scales, minima }) => {
    for (const { at, length, done } of stretches({ first, count, inRow, groupRows })) {
      const own = floats(source.scales, read, at, length);
      scales.set(own, done);
      minima.set(minimaAt(at, own), done);
    }
  };
}

/** Minima of the groups from `at` on, whose scales are given. */
function minimaOf(
  { offset, bits }: AffineSource,
  read: ReadPart,
): (at: number, scales: Float32Array) => Float32Array {
  switch (offset.kind) {
    case "biases":
      return (at, scales) => floats(offset.biases, read, at, scales.length);
    case "zeroValues":
      return (at, scales) =>
        floats(offset.zeros, read, at, scales.length).map((zero, i) => -zero * scales[i]!);
    case "zeroPoint":
      return (_, scales) => scales.map((scale) => -offset.value * scale);
    case "zeroPoints":
      return (at, scales) => {
        // Eight codes fill whole bytes.
        const skip = at % 8;
        const begin = ((at - skip) * bits) / 8;
        const end = Math.ceil(((at + scales.length) * bits) / 8);
        const packed = read(offset.zeros, begin, end - begin);
        return scales.map((scale, i) => -plainCode(packed, skip + i, bits) * scale);
      };
  }
}

/** GPTQ and AWQ: scales `[groups, rows]` and zero points in words, held whole. */
function transposedScales(source: AffineSource, read: ReadPart): FillScales {
  const { bits, packing, offset } = source;
  const [inRow = 0, rows = 0] = source.scales.shape;
  const all = floats(source.scales, read, 0, inRow * rows);
  const words =
    offset.kind === "zeroPoints" ? read(offset.zeros, 0, offset.zeros.byteLength).slice() : undefined;
  const zeroAt = (row: number, group: number): number => {
    if (words === undefined) return offset.kind === "zeroPoint" ? offset.value : 0;
    const column = packing === "awq" ? row - (row % 8) + AWQ_NIBBLES[row % 8]! : row;
    const code = plainCode(words, group * rows + column, bits);
    // A zero point of 0 is stored as all ones where files hold it less one.
    return (code + (offset.kind === "zeroPoints" ? offset.added : 0)) & (2 ** bits - 1);
  };
  return (first, count, { scales, minima }) => {
    for (let i = 0; i < count; i++) {
      const row = Math.floor((first + i) / inRow);
      const group = (first + i) % inRow;
      scales[i] = all[group * rows + row]!;
      minima[i] = -zeroAt(row, group) * scales[i]!;
    }
  };
}

interface Stretch {
  /** Place of its first group among the stored scales. */
  readonly at: number;
  readonly length: number;
  /** Groups before it. */
  readonly done: number;
}

/** Groups of the matrix as stretches of stored scales: one, or one for each row where rows share scales. */
function* stretches(range: {
  readonly first: number;
  readonly count: number;
  readonly inRow: number;
  readonly groupRows: number;
}): Generator<Stretch> {
  const { first, count, inRow, groupRows } = range;
  if (groupRows === 1) {
    yield { at: first, length: count, done: 0 };
    return;
  }
  for (let done = 0; done < count; ) {
    const row = Math.floor((first + done) / inRow);
    const group = (first + done) % inRow;
    const length = Math.min(inRow - group, count - done);
    yield { at: Math.floor(row / groupRows) * inRow + group, length, done };
    done += length;
  }
}

function floats(part: PartSource, read: ReadPart, at: number, count: number): Float32Array {
  const { blockBytes } = DTYPES[part.dtype];
  const bytes = read(part, at * blockBytes, count * blockBytes);
  if (areExponents(part)) return Float32Array.from(bytes, (exponent) => 2 ** (exponent - 127));
  // Other scales and offsets have plain float types, which `planExpr` has checked.
  return castToF32(bytes, part.dtype as FloatDtype);
}
