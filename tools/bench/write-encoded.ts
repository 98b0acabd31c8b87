/**
 * Streams a checkpoint into one file, matrices encoded, the rest as F16: what `quantize.ts` measures.
 *
 *     node tools/bench/write-encoded.ts MODEL OUT ENCODING
 */
import { openCheckpoint } from "@pippin/checkpoint/node";
import { hasOffset, linearRange, type PartName, type WeightEncoding } from "@pippin/kernels";
import { type Segment, writeSegments } from "@pippin/kernels/node";

const [model = "", out = "", json = ""] = process.argv.slice(2);
const encoding: WeightEncoding = JSON.parse(json);
const parts = partsOf(encoding);
const { tensors } = await openCheckpoint(model);
const segments = [...tensors.values()].flatMap(({ name, source, ops, shape }): Segment[] => {
  const expr = { source, ops, shape };
  if (shape.length !== 2) return [{ kind: "weight", id: name, expr, dtype: "F16" }];
  return [
    { kind: "encoded", id: name, expr, encoding },
    ...parts.map((part): Segment => ({ kind: "encodedPart", of: name, part })),
  ];
});
await writeSegments(out, segments, { overflow: "error" });

function partsOf(encoding: WeightEncoding): PartName[] {
  if (encoding.kind === "palette") return ["lut"];
  return hasOffset(linearRange(encoding)) ? ["scale", "offset"] : ["scale"];
}
