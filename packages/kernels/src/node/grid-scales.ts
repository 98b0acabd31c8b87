import { castToF32 } from "../cast.ts";
import { DTYPES, type FloatDtype } from "../dtype.ts";
import { GGUF_GROUPS, type GroupReader } from "../plain/group-scales.ts";
import { plainCode } from "../plain/packed.ts";
import type { AffineSource, PartSource, ScaledSource, TensorSource } from "../weight-expr.ts";

/** Scale and minimum of groups: value = scale · code + minimum. */
export interface GroupValues {
  readonly scales: Float32Array;
  readonly minima: Float32Array;
}

/** Bytes of a part of a weight. */
export type ReadPart = (part: PartSource, offset: number, byteLength: number) => Uint8Array;

/** Finds the scales of a quantized matrix. */
export interface GridScales {
  /** Those of `count` groups from group `first` on, of the source's rows one after the other. */
  load(first: number, count: number, into: GroupValues): void;
}

/** The nibble of an AWQ word that holds row 0, 1, … 7 of its eight. */
const AWQ_NIBBLES = [0, 4, 1, 5, 2, 6, 3, 7];

/** @param source - one that `ownGrid` has an integer grid for. */
export function gridScales(source: TensorSource | AffineSource | ScaledSource, read: ReadPart): GridScales {
  if (!("kind" in source)) return blockScales(source, read);
  if (source.kind === "scaled") return scaledScales(source, read);
  return source.packing === "rows" ? rowScales(source, read) : transposedScales(source, read);
}

/** GGUF: in the blocks themselves. */
function blockScales(source: TensorSource, read: ReadPart): GridScales {
  const { blockBytes } = DTYPES[source.dtype];
  const visitGroups: GroupReader = GGUF_GROUPS[source.dtype]!; // all that `ownGrid` knows
  let groupsInBlock = 0;
  visitGroups(new DataView(new ArrayBuffer(blockBytes)), 0, () => groupsInBlock++);
  return {
    load(first, count, { scales, minima }) {
      const begin = Math.floor(first / groupsInBlock);
      const end = Math.ceil((first + count) / groupsInBlock);
      const bytes = read(source, begin * blockBytes, (end - begin) * blockBytes);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      let at = begin * groupsInBlock - first;
      const visit = (scale: number, minimum: number) => {
        if (at >= 0 && at < count) {
          scales[at] = scale;
          minima[at] = minimum;
        }
        at++;
      };
      for (let block = 0; block < end - begin; block++) visitGroups(view, block * blockBytes, visit);
    },
  };
}

/** Integers with a scale for each block of rows and columns. */
function scaledScales(source: ScaledSource, read: ReadPart): GridScales {
  const [blockRows, blockColumns] = source.block;
  const inRow = source.shape[1]! / blockColumns;
  return {
    load(first, count, { scales, minima }) {
      minima.fill(0, 0, count);
      for (const { at, length, done } of stretches({ first, count, inRow, groupRows: blockRows })) {
        scales.set(floats(source.scales, read, at, length), done);
      }
    },
  };
}

/** Scales `[rows / groupRows, groups]`, and biases or zero points likewise. */
function rowScales(source: AffineSource, read: ReadPart): GridScales {
  const { groupRows = 1, groupSize } = source;
  const inRow = source.shape[1]! / groupSize;
  const minimaAt = minimaOf(source, read);
  return {
    load(first, count, { scales, minima }) {
      for (const { at, length, done } of stretches({ first, count, inRow, groupRows })) {
        const own = floats(source.scales, read, at, length);
        scales.set(own, done);
        minima.set(minimaAt(at, own), done);
      }
    },
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
function transposedScales(source: AffineSource, read: ReadPart): GridScales {
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
  return {
    load(first, count, { scales, minima }) {
      for (let i = 0; i < count; i++) {
        const row = Math.floor((first + i) / inRow);
        const group = (first + i) % inRow;
        scales[i] = all[group * rows + row]!;
        minima[i] = -zeroAt(row, group) * scales[i]!;
      }
    },
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
  // Scales and offsets of integers have plain float types, which `planExpr` has checked.
  return castToF32(read(part, at * blockBytes, count * blockBytes), part.dtype as FloatDtype);
}
