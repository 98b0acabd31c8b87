/**
 * Judges what Pippin writes by tools that are not ours: coremltools' type checker, PyTorch and transformers, gguf-py,
 * safetensors, MLX, scikit-learn and kmeans1d, the Hugging Face tokenizers and huggingface_hub, and a Swift compiler.
 * Needs a build and Python 3.11.
 *
 *     npm run test:oracles -- [--only NAME]… [--keep DIR] [--seeds 1,2]
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildSwiftDriver } from "../swift/driver.ts";
import { SwiftMissing } from "../swift/toolchain.ts";
import { cacheFolder, PythonMissing, preparePython } from "./python-environment.ts";

/** Tests that ask a program of the Swift package, and which. */
const SWIFT_DRIVERS: readonly (readonly [RegExp, string])[] = [
  [/tokenizers$|^templates$/, "TokenizerDriver"],
  [/^sampler$/, "SamplerDriver"],
];

/** Names of the tests, the quick ones first; `coreml` is test_coreml.py. */
const TESTS = [
  ...[
    "merge-shards",
    "quantize-linear",
    "tokenizer",
    "tokenizers",
    "synthetic-tokenizers",
    "templates",
    "sampler",
    "gguf-vocabularies",
    "swift",
    "swift-runtime",
    "swift-package",
    "app-log",
    "delivery",
    "hub",
    "gguf",
    "palettes",
    "calibrate",
    "quantized-inputs",
  ],
  ...["engines", "faults", "coreml", "compressed", "recipes", "recompress", "grids", "perplexity", "smollm2"],
];

interface Count {
  readonly passed: number;
  readonly failed: number;
}

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    keep: { type: "string" },
    seeds: { type: "string" },
  },
});

try {
  process.exitCode = await main(values.only ?? TESTS);
} catch (error) {
  if (!(error instanceof PythonMissing || error instanceof SwiftMissing)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 3;
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => !TESTS.includes(name));
  if (unknown !== undefined) {
    console.error(`error: there is no test ${unknown}\nhint:  These are: ${TESTS.join(", ")}.`);
    return 2;
  }
  const python = preparePython();
  const work = values.keep ? resolve(values.keep) : mkdtempSync(join(tmpdir(), "pippin-oracles-"));
  mkdirSync(work, { recursive: true });
  try {
    let total: Count = { passed: 0, failed: 0 };
    for (const name of names) {
      console.log(`== ${name}`);
      const count = await runTest(python, name, work);
      total = { passed: total.passed + count.passed, failed: total.failed + count.failed };
    }
    console.log(`${total.passed} passed, ${total.failed} failed`);
    return total.failed === 0 && total.passed > 0 ? 0 : 1;
  } finally {
    if (values.keep === undefined) rmSync(work, { recursive: true, force: true });
  }
}

/** Runs a test file; what it prints passes through, but for the line of its count. */
async function runTest(python: string, name: string, work: string): Promise<Count> {
  const file = join(import.meta.dirname, `test_${name.replaceAll("-", "_")}.py`);
  const seeds = name === "coreml" && values.seeds !== undefined ? ["--seeds", values.seeds] : [];
  const [, driver] = SWIFT_DRIVERS.find(([names]) => names.test(name)) ?? [];
  const child = spawn(python, [file, work, ...seeds], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      PIPPIN_CACHE: cacheFolder(),
      PIPPIN_NODE: process.execPath,
      ...(driver !== undefined && { PIPPIN_SWIFT_DRIVER: buildSwiftDriver(driver) }),
      PYTHONDONTWRITEBYTECODE: "1",
      PYTHONUTF8: "1",
      HF_HUB_OFFLINE: "1",
      TRANSFORMERS_VERBOSITY: "error",
      TQDM_DISABLE: "1",
    },
  });
  const closed = new Promise<number | null>((done) => child.on("close", done));
  let count: Count | undefined;
  let rest = "";
  child.stdout.setEncoding("utf8");
  for await (const data of child.stdout) {
    const lines = (rest + data).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, passed, failed] = /^(\d+) passed, (\d+) failed$/.exec(line) ?? [];
      if (passed === undefined) console.log(line);
      else count = { passed: Number(passed), failed: Number(failed) };
    }
  }
  const status = await closed;
  if (count !== undefined && (status === 0) === (count.failed === 0)) return count;
  console.log(`BAD ${name} ended with status ${status} before its count`);
  return { passed: count?.passed ?? 0, failed: (count?.failed ?? 0) + 1 };
}
