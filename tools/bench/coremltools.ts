import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { measure, type Row } from "./measure.ts";

const PIPPIN = join(import.meta.dirname, "../../apps/cli/bin/pippin.js");

/** SmolLM2-135M through coremltools and through Pippin; empty without the oracle tests' Python environment. */
export async function coremltoolsRows(folder: string): Promise<Row[]> {
  const cache =
    process.env.PIPPIN_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "pippin");
  const python = join(cache, "python", "bin", "python");
  if (!existsSync(python)) {
    console.log("no Python environment (npm run test:oracles makes one): coremltools is not measured");
    return [];
  }
  const model = join(folder, "smollm2");
  await measure(python, [join(import.meta.dirname, "smollm2.py"), model]);
  const theirs = await measure(python, [
    join(import.meta.dirname, "convert_coremltools.py"),
    model,
    join(folder, "theirs.mlpackage"),
  ]);
  const ours = await measure(process.execPath, [
    PIPPIN,
    "convert",
    model,
    "--program",
    "stateless",
    "--length",
    "fixed",
    "--context",
    "64",
    "--out",
    join(folder, "ours"),
  ]);
  const row = (what: string, key: keyof typeof ours, scale: number, unit: string): Row[] => [
    {
      what: `SmolLM2-135M, coremltools, ${what}`,
      value: theirs[key] / scale,
      unit,
      reference: "coremltools",
      ratio: 1,
    },
    {
      what: `SmolLM2-135M, pippin, ${what}`,
      value: ours[key] / scale,
      unit,
      reference: "coremltools",
      ratio: ours[key] / theirs[key],
    },
  ];
  return [
    ...row("wall", "wallSeconds", 1, "s"),
    ...row("CPU", "cpuSeconds", 1, "s"),
    ...row("peak memory", "peakBytes", 1e6, "MB"),
  ];
}
