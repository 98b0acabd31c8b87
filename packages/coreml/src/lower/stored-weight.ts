import type { PartName, WeightExpr } from "@pippin/kernels";
import type { Segment } from "@pippin/kernels/node";
import type { Shape } from "../mil/types.ts";
import type { Target } from "../targets.ts";
import type { Blob, BlobLayout } from "./blob-layout.ts";
import { type CoremlEncoding, codesOf, partsOf } from "./encodings.ts";

/** A weight in the file as codes with what turns them into values. */
export interface EncodedWeight {
  readonly kind: "encoded";
  /** Of the dense matrix. */
  readonly shape: readonly [rows: number, columns: number];
  readonly encoding: CoremlEncoding;
  readonly codes: Blob;
  readonly parts: Readonly<Partial<Record<PartName, Blob>>>;
}

/** A weight in the file: its values, or codes. */
export type StoredWeight =
  | { readonly kind: "dense"; readonly shape: Shape; readonly blob: Blob }
  | EncodedWeight;

/** Gives an encoded matrix its places in the file. */
export function appendEncoded(
  layout: BlobLayout,
  {
    id,
    expr,
    encoding,
  }: { readonly id: string; readonly expr: WeightExpr; readonly encoding: CoremlEncoding },
  target: Target,
): EncodedWeight {
  const [rows = 0, columns = 0] = expr.shape;
  const shape = [rows, columns] as const;
  const content: Segment = { kind: "encoded", id, expr, encoding };
  const stored = codesOf(encoding, shape, target);
  const codes = layout.append(stored.dtype, stored.shape, content);
  const parts: Partial<Record<PartName, Blob>> = {};
  for (const { part, dtype, shape: partShape } of partsOf(encoding, shape)) {
    parts[part] = layout.append(dtype, partShape, { kind: "encodedPart", of: id, part });
  }
  return { kind: "encoded", shape, encoding, codes, parts };
}
