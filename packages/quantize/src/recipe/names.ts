import { PippinError } from "@pippin/core";
import type { GridEncoding, PaletteEncoding } from "@pippin/kernels";
import { Encoding } from "../encoding.ts";
import type { QuantizeErrorCode } from "../errors.ts";

/**
 * How a recipe says that a weight is stored: `fp16`, `grid` (as its checkpoint stores it, where that is quantized and
 * Core ML can express it; `grid4` in four bits), or an encoding.
 */
export type Storage = "fp16" | "grid" | "grid4" | Encoding;

/** `int4/32`, `lut6`: what is counted behind the slash depends on the kind. */
const NAME = /^(?<dtype>u?int[48])(?:\/(?<block>\d+))?$|^lut(?<bits>[123468])(?:\/(?<rows>\d+))?$/;

/**
 * Reads the short name of an encoding:
 *
 * - `int8`, `int4`, symmetric integers, and `uint8`, `uint4`, integers with an offset (coremltools' modes
 *   `linear_symmetric` and `linear`): one scale for each row; `int4/32`: one for each block of 32 in a row.
 * - `lut1`, `lut2`, `lut3`, `lut4`, `lut6`, `lut8`, palettes of 2^n entries: one for the matrix; `lut4/16`: one for each
 *   16 rows.
 * - `fp16`; `grid`, the checkpoint's own; `grid4`, that if its codes have four bits or less.
 *
 * @throws PippinError `QUANTIZE_RECIPE_INVALID`.
 */
export function parseEncodingName(name: string): Storage {
  if (name === "fp16" || name === "grid" || name === "grid4") return name;
  const groups = NAME.exec(name)?.groups;
  const parsed = groups && Encoding.safeParse(groups.bits ? paletteOf(groups) : linearOf(groups));
  if (parsed?.success) return parsed.data;
  throw new PippinError<QuantizeErrorCode>("QUANTIZE_RECIPE_INVALID", {
    message: `"${name.slice(0, 40)}" is no encoding`,
    hint: "Use fp16, grid, int8, int4/32 (blocks of 32), uint4/32 (with offsets), lut4 or lut4/16 (a palette for each 16 rows).",
    details: { name: name.slice(0, 200) },
  });
}

type Groups = Readonly<Record<string, string | undefined>>;

function linearOf({ dtype = "", block }: Groups) {
  const mode = dtype.startsWith("u") ? "asymmetric" : "symmetric";
  const blocks = block === undefined ? {} : { blockSize: Number(block) };
  return { kind: "linear", dtype, mode, granularity: block ? "per_block" : "per_channel", ...blocks };
}

function paletteOf({ bits, rows }: Groups) {
  const groups = rows === undefined ? {} : { groupSize: Number(rows) };
  return {
    kind: "palette",
    bits: Number(bits),
    granularity: rows ? "per_grouped_channel" : "per_tensor",
    ...groups,
  };
}

/** The short name of an encoding, which `parseEncodingName` reads; others are described. */
export function encodingName(storage: Storage | GridEncoding | PaletteEncoding): string {
  if (typeof storage === "string") return storage;
  switch (storage.kind) {
    case "palette": {
      const rows = storage.granularity === "per_grouped_channel" ? `/${storage.groupSize}` : "";
      return `lut${storage.bits}${rows}`;
    }
    case "linear": {
      const { dtype, granularity, blockSize } = storage;
      const usual = dtype.startsWith("u") === (storage.mode === "asymmetric");
      const mode = usual ? "" : ` ${storage.mode}`;
      if (granularity === "per_tensor") return `${dtype}${mode} per tensor`;
      return `${dtype}${granularity === "per_block" ? `/${blockSize}` : ""}${mode}`;
    }
    case "grid":
      return `grid ${storage.dtype}/${storage.groupSize}`;
    case "mlc":
      return storage.mode;
  }
}
