import { mapCodes, packIndices } from "../palette.ts";
import { f16Code, f16Value } from "../plain/float16.ts";
import type { Palette } from "./fit.ts";

/** Rank of a code among all codes by value: −65504 has 0x0400, −0 0x7fff, 0 0x8000. */
function rankOf(code: number): number {
  return code < 0x8000 ? 0x8000 + code : 0xffff - code;
}

/** The largest rank whose value is at most `value`, which is finite. */
function rankBelow(value: number): number {
  const code = f16Code(value);
  const rank = rankOf(code);
  return f16Value(code) > value ? rank - 1 : rank;
}

/** The index of the entry nearest to each code, `[65536]`; ties go to the lower entry, equal entries are one. */
export function fillIndexTable(lut: Uint16Array, table: Uint8Array): void {
  let from = 0;
  for (let k = 0, next = 1; from < 65536; k = next++) {
    while (next < lut.length && lut[next] === lut[k]) next++;
    const to = next < lut.length ? rankBelow((f16Value(lut[k]!) + f16Value(lut[next]!)) / 2) + 1 : 65536;
    fillRanks(table, from, to, k);
    from = to;
  }
}

/** Negative codes run downwards. */
function fillRanks(table: Uint8Array, from: number, to: number, index: number): void {
  if (from < 0x8000) table.fill(index, 0x10000 - Math.min(to, 0x8000), 0x10000 - from);
  if (to > 0x8000) table.fill(index, Math.max(from, 0x8000) - 0x8000, to - 0x8000);
}

/**
 * The packed indices of F16 codes, each the nearest entry of the palette (ties to the lower).
 *
 * A tensor may come in pieces, in the order of its elements: their bytes join when each piece but the last has a
 * multiple of 8 codes.
 */
export function encodeIndices(codes: Uint16Array, { bits, lut }: Pick<Palette, "bits" | "lut">): Uint8Array {
  const table = new Uint8Array(65536);
  fillIndexTable(lut, table);
  const indices = new Uint8Array(codes.length);
  mapCodes(codes, table, indices);
  return packIndices(indices, bits);
}
