import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Cost, measure, type Row } from "./measure.ts";

const PIPPIN = join(import.meta.dirname, "../../apps/cli/bin/pippin.js");

/**
 * SmolLM2-135M from checkpoint to package, through coremltools and through Pippin; empty without the oracle tests' Python
 * environment.
 *
 * @param encodings - `none` is fp16.
 */
export async function coremltoolsRows(folder: string, encodings: readonly Encoding[]): Promise<Row[]> {
  const cache =
    process.env.PIPPIN_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "pippin");
  const python = join(cache, "python", "bin", "python");
  if (!existsSync(python)) {
    console.log("no Python environment (npm run test:oracles makes one): coremltools is not measured");
    return [];
  }
  const model = join(folder, "smollm2");
  await measure(python, [join(import.meta.dirname, "smollm2.py"), model]);
  const rows: Row[] = [];
  for (const encoding of encodings) {
    const script = join(import.meta.dirname, "convert_coremltools.py");
    const compress = encoding === "none" ? [] : [encoding];
    const theirs = await measure(python, [script, model, join(folder, "theirs.mlpackage"), ...compress]);
    const shape = ["--program", "stateless", "--target", "ios18", "--length", "fixed", "--context", "64"];
    const out = ["--out", join(folder, "ours"), "--force"];
    const ours = await measure(process.execPath, [
      ...[PIPPIN, "convert", model, "--quantize", encoding, ...shape, ...out],
    ]);
    rows.push(...compared(encoding, theirs, ours));
  }
  return rows;
}

type Encoding = "none" | "int8" | "int4" | "lut4";

function compared(encoding: Encoding, theirs: Cost, ours: Cost): Row[] {
  const name = encoding === "none" ? "fp16" : encoding;
  const row = (what: string, key: keyof Cost, scale: number, unit: string): Row[] => {
    const common = { unit, reference: "coremltools" };
    return [
      { what: `SmolLM2-135M ${name}, coremltools, ${what}`, value: theirs[key] / scale, ...common, ratio: 1 },
      {
        what: `SmolLM2-135M ${name}, pippin, ${what}`,
        value: ours[key] / scale,
        ...common,
        ratio: ours[key] / theirs[key],
      },
    ];
  };
  return [
    ...row("wall", "wallSeconds", 1, "s"),
    ...row("CPU", "cpuSeconds", 1, "s"),
    ...row("peak memory", "peakBytes", 1e6, "MB"),
  ];
}
