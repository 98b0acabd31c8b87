import type { TensorBytes } from "@pippin/checkpoint/node";
import { type PartSource, packIndices, packNibbles, type WeightExpr } from "@pippin/kernels";
import type { CalibrationTarget, GridWeight, LinearTarget } from "./target.ts";

/** The tensors of a calibrated weight in a file: `codes`, `scales` (or `table`) and `zeros`, after the role. */
export function packedTensors(
  role: string,
  { codes, scales, zeros }: GridWeight,
  target: CalibrationTarget,
  [rows, columns]: readonly [number, number],
): [name: string, tensor: TensorBytes][] {
  if (target.kind === "palette") {
    return [
      [`${role}.codes`, stream(packIndices(codes, target.bits))],
      [`${role}.table`, halves(scales, [rows / target.groupRows, 2 ** target.bits])],
    ];
  }
  const { bits, offset } = target;
  const blocks = [rows, columns / blockSizeOf(target, columns)];
  const signed = { dtype: "I8", shape: [rows, columns], bytes: codes } as const;
  const packed = bits === 4 ? stream(packNibbles(codes)) : offset === "none" ? signed : stream(codes);
  const tensors: [string, TensorBytes][] = [
    [`${role}.codes`, packed],
    [`${role}.scales`, halves(scales, blocks)],
  ];
  if (zeros instanceof Uint16Array) tensors.push([`${role}.zeros`, halves(zeros, blocks)]);
  else if (zeros !== undefined)
    tensors.push([`${role}.zeros`, stream(bits === 4 ? packNibbles(zeros) : zeros)]);
  return tensors;
}

/** A weight that decodes those tensors; `part` finds one by its name. */
export function packedExpr(
  role: string,
  target: CalibrationTarget,
  shape: readonly [rows: number, columns: number],
  part: (name: string) => PartSource,
): WeightExpr {
  const codes = part(`${role}.codes`);
  if (target.kind === "palette") {
    const { bits, groupRows } = target;
    return {
      source: { kind: "palette", shape, codes, bits, groupRows, table: part(`${role}.table`) },
      ...{ ops: [], shape },
    };
  }
  const { bits, offset } = target;
  const groupSize = blockSizeOf(target, shape[1]);
  const scales = part(`${role}.scales`);
  if (offset === "none") {
    const format = bits === 4 ? "I4" : "I8";
    return {
      source: { kind: "scaled", shape, codes, format, block: [1, groupSize], scales },
      ops: [],
      shape,
    };
  }
  const zeros = part(`${role}.zeros`);
  return {
    source: {
      ...{ kind: "affine", shape, codes, bits, packing: "rows", groupSize, scales },
      offset: offset === "float" ? { kind: "zeroValues", zeros } : { kind: "zeroPoints", zeros, added: 0 },
    },
    ...{ ops: [], shape },
  };
}

function blockSizeOf({ blockSize }: LinearTarget, columns: number): number {
  return blockSize ?? columns;
}

function stream(bytes: Uint8Array): TensorBytes {
  return { dtype: "U8", shape: [bytes.length], bytes };
}

function halves(codes: Uint16Array, shape: readonly number[]): TensorBytes {
  return { dtype: "F16", shape, bytes: new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength) };
}
