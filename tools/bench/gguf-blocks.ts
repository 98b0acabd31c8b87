/**
 * Times decoding GGUF blocks to F16 on one thread against gguf-py's dequantize followed by numpy's rounding to float16: as a
 * conversion does it, where files are read into WebAssembly's memory and written from there, and from bytes to codes in arrays
 * of JavaScript (`castToF16`).
 *
 *     npm run bench:gguf-blocks -- [--rounds 5]
 *
 * Rates are bytes of F16 that come out in a second of CPU, since machines are shared. Rounds alternate between the two; the fastest of each counts.
 */
import { spawnSync } from "node:child_process";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { castToF16, DTYPES, type FloatDtype } from "@pippin/kernels";
import { WasmHeap } from "../../packages/kernels/src/wasm-heap.ts";
import { preparePython } from "../oracles/python-environment.ts";
import { type Row, report } from "./measure.ts";

/** 4096 × 4096. */
const ELEMENTS = 2 ** 24;
/** Tiles, as a conversion decodes them. */
const TILE_ELEMENTS = 2 ** 16;
const TYPES: readonly FloatDtype[] = [
  ...(["Q4_0", "Q4_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"] as const),
  ...(["Q2_K", "Q3_K", "Q5_0", "Q5_1", "IQ4_NL"] as const),
];

const { values } = parseArgs({ options: { rounds: { type: "string", default: "5" } } });
const [load = 0] = loadavg();
const python = preparePython();
report(
  "gguf-blocks",
  load,
  TYPES.flatMap((type) => compare(type, Number(values.rounds))),
);

function compare(type: FloatDtype, rounds: number): Row[] {
  const { blockBytes, blockElements } = DTYPES[type];
  // Random bytes below 64, as gguf_py.py has them: no scale is NaN or infinite, which would be looked at twice.
  let state = 1;
  const bytes = Uint8Array.from({ length: (ELEMENTS / blockElements) * blockBytes }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 26;
  });
  let ours = Number.POSITIVE_INFINITY;
  let arrays = Number.POSITIVE_INFINITY;
  let theirs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    // The first pass after a pause compiles, and takes its memory anew.
    for (let pass = 0; pass < 5; pass++) {
      ours = Math.min(ours, heapSeconds(bytes, type));
      arrays = Math.min(arrays, decodeSeconds(bytes, type));
    }
    theirs = Math.min(theirs, pythonSeconds(type));
  }
  const rate = (seconds: number) => (2 * ELEMENTS) / seconds / 1e9;
  const row = (what: string, seconds: number): Row => ({
    ...{ what, value: rate(seconds), unit: "GB/s" },
    ...{ reference: "gguf-py", ratio: rate(seconds) / rate(theirs) },
  });
  return [row(`${type} to F16`, ours), row(`${type} to F16, arrays to arrays`, arrays)];
}

/** The kernels alone: every tile is decoded where it lies, the bytes of one tile again and again. */
function heapSeconds(bytes: Uint8Array, type: FloatDtype): number {
  const { blockBytes, blockElements } = DTYPES[type];
  const tileBytes = (TILE_ELEMENTS / blockElements) * blockBytes;
  const target = Math.ceil(tileBytes / 64) * 64;
  const heap = new WasmHeap(target + 2 * TILE_ELEMENTS + 64);
  heap.bytes.set(bytes.subarray(0, tileBytes));
  const began = process.cpuUsage();
  for (let tile = 0; tile < ELEMENTS / TILE_ELEMENTS; tile++) heap.toF16(type, 0, target, TILE_ELEMENTS);
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1e6;
}

function decodeSeconds(bytes: Uint8Array, type: FloatDtype): number {
  const { blockBytes, blockElements } = DTYPES[type];
  const tileBytes = (TILE_ELEMENTS / blockElements) * blockBytes;
  const began = process.cpuUsage();
  for (let at = 0; at < bytes.length; at += tileBytes) castToF16(bytes.subarray(at, at + tileBytes), type);
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1e6;
}

function pythonSeconds(type: string): number {
  const script = join(import.meta.dirname, "gguf_py.py");
  const { status, stdout, stderr } = spawnSync(python, [script, type, String(ELEMENTS), "2"], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${script} failed: ${stderr}`);
  return Number(stdout);
}
