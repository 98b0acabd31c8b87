/**
 * Times opening and encoding with a vocabulary of 150,000 tokens: our file in TypeScript and in Swift beside Hugging Face's tokenizers
 * (Rust, from Python and from Node) and its JavaScript library, on the same megabyte of text; then texts that trap quadratic ways, at
 * two lengths.
 *
 *     npm run bench:tokenizer -- [--tokenizer qwen2_5] [--rounds 2]
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { exportTokenizer, openTokenizer } from "@pippin/tokenizer";
import { loadTokenizer } from "@pippin/tokenizer/node";
import { cacheFolder, preparePython } from "../oracles/python-environment.ts";
import { buildSwiftDriver } from "../swift/driver.ts";
import { prepareSwift } from "../swift/toolchain.ts";
import { type Row, report } from "./measure.ts";

const LIBRARIES = ["tokenizers@0.23.2", "@huggingface/tokenizers@0.2.0"];
const ROOT = join(import.meta.dirname, "../..");

interface Timing {
  readonly openMs: number;
  readonly firstMs: number;
  readonly megabytesPerSecond: number;
  readonly ids: number;
  /** Absent for the Swift driver. */
  readonly sum?: number;
  readonly peak?: number;
}

const { values } = parseArgs({
  options: { tokenizer: { type: "string", default: "qwen2_5" }, rounds: { type: "string", default: "2" } },
});
const [load = 0] = loadavg();
const python = preparePython();
const driver = buildSwiftDriver("TokenizerDriver");
const folder = join(cacheFolder(), "tokenizers", values.tokenizer, "models");
if (!existsSync(folder)) {
  const published = `import sys; sys.path.insert(0, "tools/oracles"); from test_tokenizers import published; published("${values.tokenizer}")`;
  execFileSync(python, ["-c", published], { cwd: ROOT, stdio: "inherit" });
}
const modules = join(cacheFolder(), "bench-tokenizers");
if (!existsSync(join(modules, "node_modules"))) {
  mkdirSync(modules, { recursive: true });
  execFileSync("npm", ["install", "--silent", "--no-save", "--prefix", modules, ...LIBRARIES], {
    stdio: "inherit",
  });
}
const work = mkdtempSync(join(tmpdir(), "pippin-bench-"));
try {
  report("tokenizer", load, [...(await compare()), ...traps()]);
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function compare(): Promise<Row[]> {
  const text = join(work, "text.txt");
  execFileSync(python, [join(import.meta.dirname, "tokenizer_py.py"), "text", text, ROOT]);
  const { source } = await loadTokenizer(folder);
  const began = performance.now();
  const { bytes } = exportTokenizer(source);
  const exportMs = performance.now() - began;
  const file = join(work, "tokenizer.pippin");
  writeFileSync(file, bytes);
  const run = join(import.meta.dirname, "tokenizer-run.mjs");
  const runners: Readonly<Record<string, () => Timing>> = {
    "Pippin in Swift": () => swift(["time", file, text]),
    "Pippin in TypeScript": () => output(process.execPath, [run, "pippin", file, text]),
    "tokenizers (Rust) from Python": () =>
      output(python, [join(import.meta.dirname, "tokenizer_py.py"), folder, text]),
    "tokenizers (Rust) from Node": () => output(process.execPath, [run, "rust", folder, text, modules]),
    "@huggingface/tokenizers (JavaScript)": () =>
      output(process.execPath, [run, "hf", folder, text, modules]),
  };
  const timings = Object.entries(runners).map(([name, measure]) => {
    const all = Array.from({ length: Number(values.rounds) }, measure);
    const least = (key: "openMs" | "firstMs" | "peak") =>
      Math.min(...all.map((one) => one[key] ?? Number.NaN));
    const rate = Math.max(...all.map((one) => one.megabytesPerSecond));
    return {
      name,
      ...all[0]!,
      openMs: least("openMs"),
      firstMs: least("firstMs"),
      peak: least("peak"),
      megabytesPerSecond: rate,
    };
  });
  const [first] = timings;
  const differing = timings.filter(({ ids }) => ids !== first?.ids).map(({ name }) => name);
  if (differing.length > 0) console.log(`other ids: ${differing.join(", ")}`);
  const others = timings.slice(2);
  const fastest = others.reduce((best, one) =>
    one.megabytesPerSecond > best.megabytesPerSecond ? one : best,
  );
  const soonest = others.reduce((best, one) => (one.openMs < best.openMs ? one : best));
  const rows = timings.flatMap(({ name, openMs, firstMs, megabytesPerSecond, peak }): Row[] => [
    {
      what: `${name}: open`,
      value: openMs,
      unit: "ms",
      reference: soonest.name,
      ratio: openMs / soonest.openMs,
    },
    {
      what: `${name}: first word`,
      value: firstMs,
      unit: "ms",
      reference: soonest.name,
      ratio: firstMs / soonest.firstMs,
    },
    {
      ...{ what: `${name}: encode`, value: megabytesPerSecond, unit: "MB/s" },
      ...{ reference: fastest.name, ratio: megabytesPerSecond / fastest.megabytesPerSecond },
    },
    ...(Number.isNaN(peak)
      ? []
      : [
          {
            what: `${name}: memory`,
            value: peak,
            unit: "MB",
            reference: fastest.name,
            ratio: peak / (fastest.peak ?? Number.NaN),
          },
        ]),
  ]);
  const json = readFileSync(join(folder, "tokenizer.json")).length;
  const size = {
    what: "the file",
    value: bytes.length / 1e6,
    unit: "MB",
    reference: "tokenizer.json",
    ratio: bytes.length / json,
  };
  return [
    ...rows,
    size,
    { what: "to export it", value: exportMs, unit: "ms", reference: "itself", ratio: 1 },
  ];
}

function traps(): Row[] {
  const tokenizer = openTokenizer(readFileSync(join(work, "tokenizer.pippin")));
  const [special = ""] = tokenizer.addedTokens.map(({ content }) => content);
  const texts = {
    "one word": "a",
    "adjacent special tokens": special,
    spaces: " ",
    newlines: "\n",
    marks: "e\u0301",
  };
  return Object.entries(texts).map(([name, piece]) => {
    const seconds = [1, 2].map((times) => {
      const text = piece.repeat((times * 1_000_000) / (name === "adjacent special tokens" ? 10 : 1));
      const began = performance.now();
      tokenizer.encodeIds(text);
      return performance.now() - began;
    });
    const [once = 1, twice = 1] = seconds;
    return {
      what: `${name}: twice as long`,
      value: twice,
      unit: "ms",
      reference: "half as long",
      ratio: twice / once,
    };
  });
}

function swift(args: readonly string[]): Timing {
  const { file, args: all } = prepareSwift().command(driver, args);
  return output(file, all);
}

function output(file: string, args: readonly string[]): Timing {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${file} ${args[0]} failed: ${stderr.slice(-500)}`);
  return JSON.parse(stdout) as Timing; // what the runners print
}
