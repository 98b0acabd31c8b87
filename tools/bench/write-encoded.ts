/**
 * Streams a checkpoint into one file, matrices encoded, the rest as F16: what `quantize.ts` measures.
 *
 *     node tools/bench/write-encoded.ts MODEL OUT ENCODING
 */
import { openCheckpoint } from "@pippin/checkpoint/node";
import type { LinearEncoding } from "@pippin/kernels";
import { type Segment, writeSegments } from "@pippin/kernels/node";

const [model = "", out = "", json = ""] = process.argv.slice(2);
const encoding: LinearEncoding = JSON.parse(json);
const { tensors } = await openCheckpoint(model);
const segments = [...tensors.values()].flatMap(({ name, source, ops, shape }): Segment[] => {
  const expr = { source, ops, shape };
  if (shape.length !== 2) return [{ kind: "weight", id: name, expr, dtype: "F16" }];
  const parts: Segment[] = [
    { kind: "encoded", id: name, expr, encoding },
    { kind: "encodedPart", of: name, part: "scale" },
  ];
  return encoding.mode === "symmetric"
    ? parts
    : [...parts, { kind: "encodedPart", of: name, part: "offset" }];
});
await writeSegments(out, segments, { overflow: "error" });
