/**
 * Streams a checkpoint into one file, matrices encoded, the rest as F16: what `quantize.ts` measures.
 *
 *     node tools/bench/write-encoded.ts MODEL OUT ENCODING [THREADS]
 *
 * ENCODING is JSON, or `own`: each matrix keeps the grid that it has in the checkpoint, if it has one. Prints the CPU time.
 */
import { openCheckpoint } from "@pippin/checkpoint/node";
import { hasOffset, linearRange, ownGrid, type PartName, type WeightEncoding } from "@pippin/kernels";
import { type Segment, writeSegments } from "@pippin/kernels/node";

const [model = "", out = "", wanted = "", threads] = process.argv.slice(2);
const given: WeightEncoding | undefined = wanted === "own" ? undefined : JSON.parse(wanted);
const { tensors } = await openCheckpoint(model);
let elements = 0;
const segments = [...tensors.values()].flatMap(({ name, source, ops, shape }): Segment[] => {
  const expr = { source, ops, shape };
  elements += shape.reduce((product, size) => product * size, 1);
  const encoding = shape.length === 2 ? (given ?? ownGrid(expr)) : undefined;
  if (encoding === undefined) return [{ kind: "weight", id: name, expr, dtype: "F16" }];
  return [
    { kind: "encoded", id: name, expr, encoding },
    ...partsOf(encoding).map((part): Segment => ({ kind: "encodedPart", of: name, part })),
  ];
});
const before = process.cpuUsage();
await writeSegments(out, segments, { overflow: "error", ...(threads && { threads: Number(threads) }) });
const { user, system } = process.cpuUsage(before);
const seconds = (user + system) / 1e6;
console.log(
  `${seconds.toFixed(2)} s of CPU, ${((2 * elements) / 1e9 / seconds).toFixed(2)} GB of F16 values a second`,
);

function partsOf(encoding: WeightEncoding): PartName[] {
  if (encoding.kind === "palette") return ["lut"];
  if (encoding.kind === "grid") return encoding.offset === "none" ? ["scale"] : ["scale", "offset"];
  return hasOffset(linearRange(encoding)) ? ["scale", "offset"] : ["scale"];
}
