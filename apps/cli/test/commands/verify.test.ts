import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { PIP_CHAT, runCli } from "../support/run-cli.ts";
import { writeSyntheticModel } from "../support/synthetic-model.ts";
import { tempFolder } from "../support/temp-folder.ts";

const converted = inject("converted");

test("a conversion is equal to its original", async () => {
  const { status, stdout, stderr } = await runCli([
    "verify",
    converted,
    "--against",
    PIP_CHAT,
    "--windows",
    "3",
  ]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toMatch(
    /^agrees with the original: max \|Δlogit\| 0\.0\d+, KL \d\.\de-\d, top-1 100\.0 %, greedy 96\/96$/,
  );
  expect(lines[1]).toMatch(/^text {7}3 windows, 192 tokens: perplexity [\d,]+ → [\d,]+$/);
  expect(lines.slice(2).map((line) => line.split(/ {2,}/)[0])).toEqual(["", "", "layers", "fp16"]);
});

test("--json holds every figure", async () => {
  const few = ["--prompts", "1", "--tokens", "4", "--windows", "2", "--window-tokens", "8"];
  const args = ["verify", converted, "--against", PIP_CHAT, ...few, "--fail-if", "kl > 0.2", "--json"];
  const { status, stdout } = await runCli(args);
  expect(status).toBe(0);
  const report = JSON.parse(stdout);
  const figure = expect.any(Number);
  expect(report).toEqual({
    positions: figure,
    maxAbsError: figure,
    meanAbsError: figure,
    klDivergence: figure,
    top1Agreement: 1,
    greedy: { tokens: 4, equal: 4, continuations: [[figure, figure, figure, figure]], differences: [] },
    passed: true,
    quantization: "none",
    conditions: [
      { metric: "kl", operator: ">", limit: 0.2, value: report.text.klDivergence.mean, failed: false },
    ],
    text: {
      windows: 2,
      positions: 16,
      logitError: { max: figure, mean: figure },
      klDivergence: {
        mean: figure,
        median: figure,
        p95: figure,
        withoutFirst: figure,
        byPosition: Array(8).fill(figure),
      },
      top1Agreement: figure,
      top5Agreement: figure,
      perplexity: { original: figure, package: figure },
      layers: {
        layers: expect.any(Array),
        head: { largest: figure, name: expect.any(String), index: expect.any(Array), share: figure },
      },
    },
    answers: [
      {
        prompt: "What is the capital of France?",
        original: expect.any(String),
        package: expect.any(String),
        divergesAt: null,
      },
    ],
    warnings: [],
  });
  expect(report.text.layers.layers[0]).toEqual({
    layer: 0,
    relativeError: figure,
    cosine: figure,
    originalLargest: figure,
    range: {
      largest: figure,
      name: expect.stringMatching(/^layers_0_/),
      index: expect.any(Array),
      share: figure,
    },
  });
});

test("a threshold decides alone: status 1 when it holds, and both reports say so", async () => {
  const folder = tempFolder();
  const reports = [join(folder, "report.html"), join(folder, "report.md")];
  const few = ["--prompts", "1", "--tokens", "4", "--windows", "1"];
  const limits = ["--fail-if", "kl >= 0", "--fail-if", "top1 < 0.5"];
  const files = reports.flatMap((file) => ["--report", file]);
  const { status, stdout } = await runCli([
    "verify",
    converted,
    "--against",
    PIP_CHAT,
    ...few,
    ...limits,
    ...files,
  ]);
  expect(status).toBe(1);
  expect(stdout).toContain("agrees with the original");
  expect(stdout).toMatch(/^FAILS {5,}kl >= 0: \d/m);
  expect(stdout).toMatch(/^passes {5}top1 < 0.5: 1$/m);
  const [html, markdown] = reports.map((file) => readFileSync(file, "utf8"));
  expect(html).toContain('<span class="verdict failed">Failed</span>');
  expect(markdown).toContain("**Failed**, executed in fp16");
  expect(readdirSync(folder).sort()).toEqual(["report.html", "report.md"]);
});

test("a text of one's own is measured, in windows that do not depend on its size", async () => {
  const file = join(tempFolder(), "text.txt");
  const line = "The capital of France is Paris.\n";
  writeFileSync(file, line.repeat(100_000));
  const few = ["--prompts", "1", "--tokens", "1", "--windows", "2", "--window-tokens", "12", "--json"];
  const { stdout } = await runCli(["verify", converted, "--against", PIP_CHAT, "--text", file, ...few]);
  expect(JSON.parse(stdout).text).toMatchObject({ windows: 2, positions: 24 });
});

test.each([[[]], [["--json"]]])("a package of other weights is found out: status 1 %j", async (more) => {
  const model = join(tempFolder(), "other");
  cpSync(PIP_CHAT, model, { recursive: true });
  const file = join(model, "model.safetensors");
  const bytes = readFileSync(file);
  // The lowest bit of a bf16's exponent is the top bit of its first byte: values double or halve.
  for (let at = 1_000_000; at < 1_400_000; at += 2) bytes[at]! ^= 0x80;
  writeFileSync(file, bytes);
  const { status, stdout } = await runCli([
    "verify",
    converted,
    "--against",
    model,
    "--windows",
    "1",
    ...more,
  ]);
  expect(status).toBe(1);
  expect(stdout).toContain(more.length > 0 ? '"passed": false' : "DIFFERS from the original");
});

test("weights that are a tenth too large are found out, though the words stay the same for a while", async () => {
  const model = join(tempFolder(), "louder");
  cpSync(PIP_CHAT, model, { recursive: true });
  scaleWeights(join(model, "model.safetensors"), /(q_proj|mlp\..*_proj)\.weight$/, 1.1);
  const { status, stdout } = await runCli(["verify", converted, "--against", model, "--windows", "0"]);
  expect({ status, stdout }).toEqual({
    status: 1,
    stdout: expect.stringContaining("DIFFERS from the original"),
  });
});

/** Multiplies bf16 tensors of a safetensors file in place. */
function scaleWeights(file: string, names: RegExp, factor: number): void {
  const bytes = readFileSync(file);
  const front = 8 + Number(bytes.readBigUInt64LE(0));
  const header: Record<string, { data_offsets: [number, number] }> = JSON.parse(
    bytes.toString("utf8", 8, front),
  );
  const float = new DataView(new ArrayBuffer(4));
  for (const [name, entry] of Object.entries(header)) {
    if (!names.test(name)) continue;
    for (let at = front + entry.data_offsets[0]; at < front + entry.data_offsets[1]; at += 2) {
      float.setUint32(0, bytes.readUInt16LE(at) * 65536);
      float.setFloat32(0, float.getFloat32(0) * factor);
      bytes.writeUInt16LE(float.getUint16(0), at);
    }
  }
  writeFileSync(file, bytes);
}

test("a model of another vocabulary is named as such", async () => {
  const model = join(tempFolder(), "tiny");
  writeSyntheticModel(model, { layers: 1, hidden: 64, vocab: 32, fill: "noise" });
  const { status, stderr } = await runCli(["verify", converted, "--against", model]);
  expect(status).toBe(1);
  expect(stderr).toContain("[VERIFY_VOCABULARY_DIFFERS]");
});

test.each(["int8", "int4"])("%s weights are measured, and pass while they stay close", async (quantize) => {
  const out = join(tempFolder(), quantize);
  expect((await runCli(["convert", PIP_CHAT, "--quantize", quantize, "--out", out])).status).toBe(0);
  const args = ["verify", out, "--against", PIP_CHAT, "--windows", "0"];
  const { status, stdout } = await runCli(args);
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: expect.stringMatching(`^${quantize} weights, close: `),
  });
  const strict = await runCli([...args, "--fail-if", "kl > 0.0001"]);
  expect(strict.status).toBe(1);
  const said = await runCli(["generate", out, "--prompt", "What is the capital of France?"]);
  expect(said.stdout).toBe("The capital of France is Paris.\n");
});

test("several packages: one table, one page with both pictures, and the figures that each has alone", async () => {
  const folder = tempFolder();
  const int4 = join(folder, "int4");
  expect((await runCli(["convert", PIP_CHAT, "--quantize", "int4", "--out", int4])).status).toBe(0);
  const page = join(folder, "recipes.html");
  const few = ["--against", PIP_CHAT, "--prompts", "1", "--tokens", "4", "--windows", "2"];
  const limit = ["--fail-if", "kl > 0.01"];
  const { status, stdout } = await runCli(["verify", converted, int4, ...few, ...limit, "--report", page]);
  expect(status).toBe(1);
  expect(stdout).toMatch(/^package +encoding +MB +perplexity +mean KL +top-1 +top-5 +greedy +verdict$/m);
  expect(stdout).toMatch(/^pip +none +3\.7\d .* passed$/m);
  expect(stdout).toMatch(/^int4 +int4 +1\.3\d .* failed$/m);
  expect(stdout).toMatch(/^FAILS {6}kl > 0\.01: [\d.]+ {2}int4$/m);
  expect(readFileSync(page, "utf8").match(/<svg [^>]*role="img"/g)).toHaveLength(2);

  const both = JSON.parse((await runCli(["verify", converted, int4, ...few, ...limit, "--json"])).stdout);
  expect(both.passed).toBe(false);
  expect(both.packages.map(({ passed }: { passed: boolean }) => passed)).toEqual([true, false]);
  const alone = JSON.parse((await runCli(["verify", int4, ...few, ...limit, "--json"])).stdout);
  const { warnings: _, ...figures } = alone;
  expect(both.packages[1]).toMatchObject(figures);
  expect(both.packages[1]).toMatchObject({ package: "int4", encoding: "int4", front: true });
});

test("a rescaled package is verified against the model as it was published", async () => {
  const out = join(tempFolder(), "rescaled");
  const made = await runCli(["convert", PIP_CHAT, "--rescale", "4", "--out", out, "--json"]);
  expect(JSON.parse(made.stdout).rescaling).toEqual({ residual: 4, inner: 4 });
  const args = ["verify", out, "--against", PIP_CHAT, "--windows", "2", "--json"];
  const { status, stdout } = await runCli(args);
  expect(status).toBe(0);
  const { greedy, text } = JSON.parse(stdout);
  expect(greedy.equal).toBe(greedy.tokens);
  // Seen in the scale of the original, in which it is no further off than without.
  for (const { relativeError } of text.layers.layers) expect(relativeError).toBeLessThan(0.01);
});

test.each(["0", "13", "much"])("--rescale %s is refused", async (choice) => {
  const { status, stderr } = await runCli(["convert", PIP_CHAT, "--rescale", choice, "--out", tempFolder()]);
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining("--rescale") });
});

test("--rescale auto changes nothing where values are far from the end of fp16", async () => {
  const out = join(tempFolder(), "auto");
  const { stdout } = await runCli(["convert", PIP_CHAT, "--rescale", "auto", "--out", out, "--json"]);
  expect(JSON.parse(stdout).rescaling).toBeUndefined();
});
