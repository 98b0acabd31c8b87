/**
 * Compares what `pippin plan` says with what `pippin convert` writes, to the byte, for the shapes of five published models with zeros
 * for weights.
 *
 *     npm run bench:plan -- [--model NAME]… [--encoding NAME]… [--folder DIR]
 *
 * Needs room for the largest package in fp16, 8 GB; each is removed before the next is written.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ModelPlan } from "@pippin/plan";
import { CONFIGS, type ModelName } from "../../packages/plan/test/support/configs.ts";
import { type Row, report } from "./measure.ts";
import { writeSparseModel } from "./sparse-model.ts";

const PIPPIN = join(import.meta.dirname, "../../apps/cli/bin/pippin.js");

const { values } = parseArgs({
  options: {
    model: { type: "string", multiple: true, default: Object.keys(CONFIGS) },
    encoding: { type: "string", multiple: true, default: ["none", "int8", "int4", "lut6", "lut4"] },
    folder: { type: "string" },
  },
});
const folder = join(values.folder ?? tmpdir(), `pippin-plan-${process.pid}`);
mkdirSync(folder, { recursive: true });
const [load = 0] = loadavg();
try {
  const rows = values.model.flatMap((name) => compare(name as ModelName));
  report("plan", load, rows);
  if (rows.some(({ ratio }) => ratio !== 1)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function compare(name: ModelName): Row[] {
  const model = join(folder, name);
  writeSparseModel(model, CONFIGS[name]);
  const plan: ModelPlan = JSON.parse(pippin("plan", model, "--device", "all", "--json"));
  const planned = plan.candidates.filter(({ encoding }) => values.encoding.includes(encoding));
  // One encoding for two compute units is one package.
  const distinct = planned.filter(
    (each, index) => planned.findIndex(({ encoding }) => encoding === each.encoding) === index,
  );
  const { config, ...recommended } = plan.devices.find(({ id }) => id === "iphone-17-pro")!.recommendation!;
  const recommendation = { ...recommended, encoding: "as recommended", options: config.convert };
  return [...distinct, recommendation].flatMap(({ encoding, options, packageBytes, cacheBytes }) => {
    const out = join(folder, "out");
    const flags = Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)]);
    pippin("convert", model, "--out", out, "--json", ...flags);
    const written = bytesIn(join(out, `${name}.mlpackage`));
    const states = stateBytes(join(out, `${name}.mlpackage`));
    rmSync(out, { recursive: true });
    const what = `${name} ${encoding}`;
    return [row(`${what}, package`, packageBytes, written), row(`${what}, cache`, cacheBytes, states)];
  });
}

function row(what: string, value: number, written: number): Row {
  return { what, value, unit: "B", reference: `written: ${written}`, ratio: value / written };
}

function pippin(...args: string[]): string {
  return execFileSync(process.execPath, [PIPPIN, ...args], { encoding: "utf8", maxBuffer: 2 ** 28 });
}

function bytesIn(path: string): number {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** Of the states that the written program declares, as `inspect` reads them back; their numbers are fp16. */
function stateBytes(path: string): number {
  const { sections } = JSON.parse(pippin("inspect", path, "--json"));
  const states = new Map<string, number[]>();
  for (const { rows } of sections)
    for (const { name, shape } of rows) if (/Cache$/.test(name)) states.set(name, shape);
  return [...states.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 2), 0);
}
