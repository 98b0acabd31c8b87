/**
 * Writes the values of all tensors of a checkpoint as F32, in one file, one after the other.
 *
 *     node read-weights.ts MODEL OUT        prints their names and shapes as JSON
 */
import { appendFileSync, writeFileSync } from "node:fs";
import { openCheckpoint } from "@pippin/checkpoint/node";
import { readWeight } from "@pippin/kernels/node";

const [model = "", out = ""] = process.argv.slice(2);
const { tensors } = await openCheckpoint(model);
writeFileSync(out, "");
for (const { source, ops, shape } of tensors.values()) {
  appendFileSync(out, new Uint8Array((await readWeight({ source, ops, shape })).buffer));
}
console.log(JSON.stringify([...tensors.values()].map(({ name, shape }) => ({ name, shape }))));
