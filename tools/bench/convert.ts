/**
 * Times the whole conversion to fp16 against `cp` of the same files, on a synthetic checkpoint of the shape of
 * Qwen2.5-1.5B, and against coremltools on SmolLM2-135M where Python is there.
 *
 *     npm run bench:convert -- [--rounds 5] [--folder DIR] [--no-python]
 *
 * Rounds alternate between the two; the cheapest of each counts. Nothing is flushed to disk on either side.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { coremltoolsRows } from "./coremltools.ts";
import { type Cost, cheapest, measure, type Row, report } from "./measure.ts";
import { writeSyntheticQwen } from "./synthetic.ts";

const NEEDED_BYTES = 11e9;
const PIPPIN = join(import.meta.dirname, "../../apps/cli/bin/pippin.js");

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    folder: { type: "string" },
    "no-python": { type: "boolean", default: false },
  },
});
const folder = join(values.folder ?? roomyFolder(), `pippin-bench-${process.pid}`);
mkdirSync(folder, { recursive: true });
const [load = 0] = loadavg();
try {
  const rows = await compare(Number(values.rounds));
  if (!values["no-python"]) rows.push(...(await coremltoolsRows(folder, ["none"])));
  report("convert", load, rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function compare(rounds: number): Promise<Row[]> {
  const model = join(folder, "model");
  const bytes = writeSyntheticQwen(model);
  console.log(`${(bytes / 1e9).toFixed(2)} GB in ${folder}, load ${load.toFixed(2)}, ${rounds} rounds`);
  const copy = () => {
    const files = readdirSync(model).map((name) => join(model, name));
    return fresh("copy", (to) => measure("cp", ["--reflink=never", ...files, to]));
  };
  const convert = (...flags: string[]) =>
    fresh("package", (to) =>
      measure(process.execPath, [PIPPIN, "convert", model, "--out", join(to, "out"), ...flags]),
    );
  const runs = { cp: [] as Cost[], plain: [] as Cost[], hashed: [] as Cost[] };
  for (let round = 0; round <= rounds; round++) {
    const results = { cp: await copy(), plain: await convert("--no-chunk-hashes"), hashed: await convert() };
    // The first round warms the file system and the code caches.
    if (round > 0) for (const key of ["cp", "plain", "hashed"] as const) runs[key].push(results[key]);
  }
  const [cp, plain, hashed] = [cheapest(runs.cp), cheapest(runs.plain), cheapest(runs.hashed)];
  return [
    { what: "cp, wall", value: cp.wallSeconds, unit: "s", reference: "cp", ratio: 1 },
    { what: "cp, CPU", value: cp.cpuSeconds, unit: "s", reference: "cp", ratio: 1 },
    {
      what: "convert to fp16, wall",
      value: plain.wallSeconds,
      unit: "s",
      reference: "cp",
      ratio: plain.wallSeconds / cp.wallSeconds,
    },
    {
      what: "convert to fp16, CPU",
      value: plain.cpuSeconds,
      unit: "s",
      reference: "cp",
      ratio: plain.cpuSeconds / cp.cpuSeconds,
    },
    {
      what: "convert to fp16, peak memory",
      value: plain.peakBytes / 1e6,
      unit: "MB",
      reference: "the model",
      ratio: plain.peakBytes / bytes,
    },
    {
      what: "… with chunk hashes, wall",
      value: hashed.wallSeconds,
      unit: "s",
      reference: "cp",
      ratio: hashed.wallSeconds / cp.wallSeconds,
    },
    {
      what: "… with chunk hashes, CPU",
      value: hashed.cpuSeconds,
      unit: "s",
      reference: "cp",
      ratio: hashed.cpuSeconds / cp.cpuSeconds,
    },
    {
      what: "… with chunk hashes, peak memory",
      value: hashed.peakBytes / 1e6,
      unit: "MB",
      reference: "the model",
      ratio: hashed.peakBytes / bytes,
    },
  ];
}

/** A new folder for one run; removed after it, so that every run allocates its pages anew. */
async function fresh(name: string, run: (folder: string) => Promise<Cost>): Promise<Cost> {
  const place = join(folder, name);
  mkdirSync(place, { recursive: true });
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
