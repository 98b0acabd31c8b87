import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PIP_CHAT, runCli } from "../support/run-cli.ts";
import { tempFolder } from "../support/temp-folder.ts";

const env = (cwd: string) => ({ PIPPIN_CACHE: join(cwd, "cache") });

test("a mix keeps its budget, is found again in the cache, and calibration changes its bytes only", {
  timeout: 120_000,
}, async () => {
  const cwd = tempFolder();
  const convert = async (out: string, ...flags: string[]) => {
    const args = ["convert", PIP_CHAT, "--out", out, "--json", ...flags];
    const { status, stdout, stderr } = await runCli(args, { cwd, env: env(cwd) });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return JSON.parse(stdout);
  };
  const sizeOf = ({ artifacts }: { artifacts: { files: { size: number }[] }[] }) =>
    artifacts[0]!.files.reduce((sum, { size }) => sum + size, 0);

  const mixed = await convert("mixed", "--quantize", "mixed");
  expect(mixed.mix.bitsPerWeight).toBeLessThanOrEqual(4.5);
  expect(mixed.mix.bitsPerWeight).toBeGreaterThan(4.45);
  const names = new Set(mixed.mix.recipe.rules.map(({ encoding }: { encoding: string }) => encoding));
  expect(names.size).toBeGreaterThan(1);

  // Measured once: this one is quick.
  const small = await convert("small", "--max-size", "1.15MB");
  expect(sizeOf(small)).toBeLessThanOrEqual(1_150_000);
  expect(sizeOf(small)).toBeGreaterThan(1_135_000);
  expect(small.mix.predictedLoss).toBeGreaterThan(mixed.mix.predictedLoss);

  const calibrated = await convert("calibrated", "--bits-budget", "4.5", "--calibrate");
  expect(sizeOf(calibrated)).toBeCloseTo(sizeOf(mixed), -3);
  expect(calibrated.mix).toEqual(mixed.mix);
  expect(readdirSync(join(cwd, "cache/tune")).filter((name) => name.startsWith("calibrate-"))).toEqual([]);
});

test("a budget that cannot be met says what would be enough, and nothing is written", {
  timeout: 120_000,
}, async () => {
  const cwd = tempFolder();
  writeFileSync(join(cwd, "text.txt"), "One short text. ".repeat(40));
  for (const flags of [
    ["--bits-budget", "1"],
    ["--max-size", "100kB"],
  ]) {
    const args = ["convert", PIP_CHAT, ...flags, "--calibration", "text.txt", "--out", "out"];
    const result = await runCli(args, { cwd, env: env(cwd) });
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/their smallest encodings take \d+ \[TUNE_BUDGET_TOO_SMALL\]/);
    expect(readdirSync(cwd).sort()).toEqual(["cache", "text.txt"]);
  }
});

test("weights without a tokenizer are measured on arbitrary tokens, and a warning says so", {
  timeout: 60_000,
}, async () => {
  const cwd = tempFolder();
  const model = join(cwd, "model");
  mkdirSync(model);
  for (const name of ["config.json", "model.safetensors"])
    copyFileSync(join(PIP_CHAT, name), join(model, name));
  const convert = (...flags: string[]) =>
    runCli(["convert", "model", "--quantize", "mixed", "--out", "out", "--json", ...flags], {
      cwd,
      env: env(cwd),
    });

  const { status, stdout, stderr } = await convert();
  expect(status).toBe(0);
  expect(stderr).toContain("[CLI_NO_TEXT]");
  expect(JSON.parse(stdout).mix.bitsPerWeight).toBeLessThanOrEqual(4.5);
  writeFileSync(join(cwd, "text.txt"), "A text.");
  const refused = await convert("--calibration", "text.txt", "--force");
  expect({ status: refused.status, stdout: refused.stdout }).toEqual({ status: 2, stdout: "" });
});

test.each([
  [["--bits-budget", "0"], "a number of bits"],
  [["--max-size", "big"], "a size such as 900MB"],
  [["--max-size", "80 parsecs"], "a size such as 900MB"],
  [["--calibrate"], "needs encodings to round to"],
  [["--calibrate", "--quantize", "int8"], "nothing to calibrate"],
  [["--calibrate", "--quantize", "lut4", "--program", "stateless"], "Use --target ios18"],
  [["--calibration", "text.txt"], "neither is asked for"],
  [["--quantize", "int4", "--bits-budget", "4"], "is no search"],
  [["--quantize", "mixed", "--calibration", "missing.txt"], "missing.txt"],
])("%j is wrong usage: %s", async (flags, message) => {
  const cwd = tempFolder();
  const { status, stderr } = await runCli(["convert", PIP_CHAT, ...flags, "--out", "out"], {
    cwd,
    env: env(cwd),
  });
  expect(status).toBe(2);
  expect(stderr).toContain(message);
});
