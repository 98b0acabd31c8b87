/**
 * Times linear quantization: the kernels alone, on one thread, and whole checkpoints of the shape of Qwen2.5-1.5B
 * streamed into one weight file, against `cp` of the same files.
 *
 *     npm run bench:quantize -- [--rounds 5] [--folder DIR] [--coremltools]
 *
 * `--coremltools` also takes SmolLM2-135M from checkpoint to package both ways (some minutes).
 *
 * Rounds alternate between all; the cheapest of each counts. Nothing is flushed to disk on either side.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type LinearEncoding, linearGroupSize, linearRange, quantizeLinearGroups } from "@pippin/kernels";
import { coremltoolsRows } from "./coremltools.ts";
import { type Cost, cheapest, measure, type Row, report } from "./measure.ts";
import { randomHalves } from "./random-halves.ts";
import { writeSyntheticQwen } from "./synthetic.ts";

const NEEDED_BYTES = 9e9;
const WRITER = join(import.meta.dirname, "write-encoded.ts");

const ENCODINGS: Readonly<Record<string, LinearEncoding>> = {
  "int8 per channel": { kind: "linear", dtype: "int8", mode: "symmetric", granularity: "per_channel" },
  "int4 blocks of 32": {
    kind: "linear",
    dtype: "int4",
    mode: "symmetric",
    granularity: "per_block",
    blockSize: 32,
  },
  "uint4 with offset, blocks of 32": {
    kind: "linear",
    dtype: "uint4",
    mode: "asymmetric",
    granularity: "per_block",
    blockSize: 32,
  },
};

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    folder: { type: "string" },
    coremltools: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const folder = join(values.folder ?? roomyFolder(), `pippin-bench-${process.pid}`);
mkdirSync(folder, { recursive: true });
const [load = 0] = loadavg();
try {
  const both = values.coremltools ? await coremltoolsRows(folder, ["int8", "int4", "lut4"]) : [];
  report("quantize", load, [...kernelRows(), ...(await streamRows()), ...both]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** GB of F16 a second, the copies into and out of the kernels' memory included; the ratio is to 5 GB/s. */
function kernelRows(): Row[] {
  // What fits the second-level cache, as the pieces that threads encode do.
  const [rows, cols] = [32, 1536];
  const codes = randomHalves(rows * cols);
  return Object.entries(ENCODINGS).map(([name, encoding]) => {
    const groupSize = linearGroupSize(encoding, rows, cols);
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 400 * rounds; round++) {
      const began = performance.now();
      quantizeLinearGroups(codes, groupSize, linearRange(encoding));
      best = Math.min(best, performance.now() - began);
    }
    const value = codes.byteLength / best / 1e6;
    return { what: `kernel: ${name}`, value, unit: "GB/s", reference: "5 GB/s", ratio: value / 5 };
  });
}

async function streamRows(): Promise<Row[]> {
  const model = join(folder, "model");
  const bytes = writeSyntheticQwen(model);
  console.log(`${(bytes / 1e9).toFixed(2)} GB in ${folder}, load ${load.toFixed(2)}, ${rounds} rounds`);
  const files = readdirSync(model).map((name) => join(model, name));
  const costs = new Map<string, Cost[]>(["cp", ...Object.keys(ENCODINGS)].map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, runs] of costs) {
      const cost = await fresh((to) =>
        name === "cp"
          ? measure("cp", ["--reflink=never", ...files, to])
          : measure(process.execPath, [
              WRITER,
              model,
              join(to, "weight.bin"),
              JSON.stringify(ENCODINGS[name]),
            ]),
      );
      // The first round warms the file system and the code caches.
      if (round > 0) runs.push(cost);
    }
  }
  const cp = cheapest(costs.get("cp")!);
  return [...costs].flatMap(([name, runs]) => {
    const { wallSeconds, cpuSeconds, peakBytes } = cheapest(runs);
    const rows: Row[] = [
      ratioRow(`${name}, wall`, wallSeconds, cp.wallSeconds),
      ratioRow(`${name}, CPU`, cpuSeconds, cp.cpuSeconds),
    ];
    if (name === "cp") return rows;
    const value = peakBytes / 1e6;
    return [
      ...rows,
      { what: `${name}, peak memory`, value, unit: "MB", reference: "200 MB", ratio: value / 200 },
    ];
  });
}

function ratioRow(what: string, value: number, cp: number): Row {
  return { what, value, unit: "s", reference: "cp", ratio: value / cp };
}

/** A new folder for one run; removed after it, so that every run allocates its pages anew. */
async function fresh(run: (folder: string) => Promise<Cost>): Promise<Cost> {
  const place = join(folder, "run");
  mkdirSync(place);
  try {
    return await run(place);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Memory-backed where there is room, so that the disk is not what is measured. */
function roomyFolder(): string {
  const shm = "/dev/shm";
  if (!existsSync(shm)) return tmpdir();
  const { bavail, bsize } = statfsSync(shm);
  return bavail * bsize > NEEDED_BYTES ? shm : tmpdir();
}
