/**
 * Times palettes of a matrix of normal weights, 1,024 × 576 (rows of SmolLM2, rounded to F16 from BF16 as checkpoints hold
 * them, and from F32), on one thread; the former beside coremltools where Python is there.
 *
 *     npm run bench:palettes -- [--rounds 5] [--no-python]
 *
 * The cheapest round counts, in CPU seconds. `ratio` of a time is ours by coremltools'; of an error too.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { plainToBf16, toF16 } from "@pippin/kernels";
import { PaletteEncoding, palettize } from "@pippin/quantize";
import { type Row, report } from "./measure.ts";

const ROWS = 1024;
const COLS = 576;
/** Weights of SmolLM2-135M. */
const SMOLLM2 = 134.5e6;
/** Bits and rows a table; 0 is one table for all. */
const CASES = [
  [4, 0],
  [6, 0],
  [8, 0],
  [4, 16],
  [4, 32],
  [6, 16],
] as const;

const { values: flags } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, "no-python": { type: "boolean", default: false } },
});
const cache =
  process.env.PIPPIN_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "pippin");
const python = join(cache, "python", "bin", "python");
const measured = !flags["no-python"] && existsSync(python);
const [load = 0] = loadavg();
const folder = mkdtempSync(join(tmpdir(), "pippin-bench-"));
try {
  const weights = normalWeights();
  const matrices = {
    bf16: toF16(new Float32Array(Uint32Array.from(plainToBf16(weights), (code) => code << 16).buffer)),
    f32: toF16(weights),
  };
  const rows = Object.entries(matrices).flatMap(([name, codes]) =>
    CASES.flatMap((each) => compare(name, codes, each)),
  );
  report("palettes", load, rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function compare(name: string, codes: Uint16Array, [bits, groupSize]: (typeof CASES)[number]): Row[] {
  const grouped =
    groupSize === 0 ? { granularity: "per_tensor" } : { granularity: "per_grouped_channel", groupSize };
  const encoding = PaletteEncoding.parse({ kind: "palette", bits, ...grouped });
  let least = Number.POSITIVE_INFINITY;
  let squaredError = 0;
  for (let round = 0; round <= Number(flags.rounds); round++) {
    const began = process.cpuUsage();
    ({ squaredError } = palettize(codes, [ROWS, COLS], encoding));
    const { user, system } = process.cpuUsage(began);
    // The first round compiles.
    if (round > 0) least = Math.min(least, (user + system) / 1e6);
  }
  const theirs = name === "bf16" ? coremltools(codes, bits, groupSize) : undefined;
  const what = `${name} ${bits} bits, ${groupSize === 0 ? "one table" : `a table for ${groupSize} rows`}`;
  const scale = SMOLLM2 / codes.length;
  const row = (detail: string, value: number, unit: string, other: number | undefined): Row => {
    const reference = other === undefined ? "nothing" : "coremltools";
    return {
      what: `${what}: ${detail}`,
      value,
      unit,
      reference,
      ratio: other === undefined ? 1 : value / other,
    };
  };
  return [
    row("CPU", 1000 * least, "ms", theirs && 1000 * theirs.cpuSeconds),
    row("CPU, scaled to 134.5M weights", scale * least, "s", theirs && scale * theirs.cpuSeconds),
    row("squared error", squaredError, "", theirs?.squaredError),
  ];
}

function coremltools(codes: Uint16Array, bits: number, groupSize: number) {
  if (!measured) return undefined;
  const file = join(folder, "codes");
  writeFileSync(file, codes);
  const script = join(import.meta.dirname, "palettes_coremltools.py");
  const args = [script, file, ROWS, COLS, bits, groupSize].map(String);
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`coremltools failed with status ${status}:\n${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as { cpuSeconds: number; squaredError: number };
}

/** Standard deviation 0.05, the same each time. */
function normalWeights(): Float32Array {
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from(
    { length: ROWS * COLS },
    () => 0.05 * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}
