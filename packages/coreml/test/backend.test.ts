import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { RuntimeManifest } from "@pippin/core";
import { readDecoder } from "@pippin/decoder";
import { readWeight } from "@pippin/kernels/node";
import { expect, test } from "vitest";
import { backend } from "../src/backend.ts";
import { convert } from "./support/convert.ts";
import { tinyModel, writeTinyModel } from "./support/tiny-model.ts";

const MODEL = "Data/com.apple.CoreML/model.mlmodel";
const WEIGHTS = "Data/com.apple.CoreML/weights/weight.bin";

test("the same model gives the same bytes", async () => {
  const checkpoint = await tinyModel();
  const [a, b] = [await convert(checkpoint), await convert(checkpoint)];
  for (const file of ["Manifest.json", MODEL, WEIGHTS]) {
    expect(await readFile(join(a.path, file))).toEqual(await readFile(join(b.path, file)));
  }
});

test("the artifact lists the files with their sizes, and the plan knew their sum", async () => {
  const { path, artifact, plan } = await convert(await tinyModel());
  for (const file of artifact.files) expect((await stat(join(path, file.path))).size).toBe(file.size);
  expect(artifact.files.reduce((sum, file) => sum + file.size, 0)).toBe(plan.outputBytes);
});

test("no path of this machine gets into the package", async () => {
  const folder = await writeTinyModel();
  const { path } = await convert(await (await import("@pippin/checkpoint/node")).openCheckpoint(folder));
  for (const file of ["Manifest.json", MODEL]) {
    expect((await readFile(join(path, file))).includes(folder)).toBe(false);
  }
});

test("an opened package tells its spec, its manifest and its weights", async () => {
  const checkpoint = await tinyModel();
  const { path } = await convert(checkpoint);
  const { spec, weights } = readDecoder(checkpoint);
  const opened = await backend.open(path);
  expect(opened.spec).toEqual(spec);
  expect(RuntimeManifest.parse(opened.manifest)).toMatchObject({
    program: "stateful",
    contextLength: 64,
    defaultFunction: "decode",
    stopTokens: [2],
  });
  for (const role of weights.roles) {
    const original = await readWeight(weights.expr(role));
    const { data } = await opened.tensor(role);
    expect(data).toEqual(original.map((value) => Math.f16round(value)));
  }
  await expect(opened.tensor("layers.9.mlp.up.weight")).rejects.toMatchObject({
    code: "COREML_ROLE_UNKNOWN",
  });
  await opened.close();
});

test("a tied model stores its embedding once", async () => {
  const tied = await convert(await tinyModel());
  const untied = await convert(await tinyModel({ tie_word_embeddings: false }));
  expect(untied.plan.built.weightBytes - tied.plan.built.weightBytes).toBeGreaterThanOrEqual(61 * 32 * 2);
});

test("detect knows packages and folders with one, and nothing else", async () => {
  const { path } = await convert(await tinyModel());
  expect(await backend.detect(path)).toBe(true);
  expect(await backend.detect(join(path, ".."))).toBe(true);
  expect(await backend.detect(join(path, "Data"))).toBe(false);
  expect(await backend.detect(join(path, "nothing"))).toBe(false);
});

test("a cancelled conversion says so", async () => {
  const signal = AbortSignal.abort();
  await expect(convert(await tinyModel(), {}, { signal })).rejects.toMatchObject({ code: "CORE_CANCELLED" });
});

test.each([
  ["a context beyond the model's", { context: 65 }, "COREML_OPTION_INVALID"],
  ["a stateful program for iOS 17", { target: "ios17" }, "COREML_OPTION_INVALID"],
])("%s is refused", async (_, options, code) => {
  await expect(convert(await tinyModel(), options)).rejects.toMatchObject({ code });
});

test("weights that fp16 cannot hold are saturated with a warning, or refused", async () => {
  const folder = await writeTinyModel();
  const file = join(folder, "model.safetensors");
  const bytes = await readFile(file);
  bytes.writeFloatLE(1e6, bytes.length - 4);
  await (await import("node:fs/promises")).writeFile(file, bytes);
  const checkpoint = await (await import("@pippin/checkpoint/node")).openCheckpoint(folder);
  const warnings: string[] = [];
  const { path } = await convert(checkpoint, {}, { warn: ({ code }) => void warnings.push(code) });
  expect(warnings).toEqual(["COREML_WEIGHT_SATURATED"]);
  const opened = await backend.open(path);
  expect((await opened.tensor("final_norm.weight")).data.at(-1)).toBe(65504);
  await opened.close();
  await expect(convert(checkpoint, { overflow: "error" })).rejects.toMatchObject({
    code: "KERNELS_WEIGHT_OVERFLOW",
  });
});

test.each([
  ["int8", 127],
  ["int4", 7],
] as const)(
  "an opened %s package gives its weights as the integers and scales say",
  async (quantize, steps) => {
    const checkpoint = await tinyModel({ hidden_size: 64, intermediate_size: 96, vocab_size: 301 });
    const { path, plan, artifact } = await convert(checkpoint, { quantize });
    expect(artifact.files.reduce((sum, file) => sum + file.size, 0)).toBe(plan.outputBytes);
    const { weights } = readDecoder(checkpoint);
    const opened = await backend.open(path);
    expect(opened.manifest?.quantization).toBe(quantize);
    const role = "layers.1.mlp.up.weight";
    const original = await readWeight(weights.expr(role));
    const { data } = await opened.tensor(role);
    const group = quantize === "int8" ? 64 : 32;
    for (let begin = 0; begin < data.length; begin += group) {
      const block = original.subarray(begin, begin + group);
      const step = Math.f16round(Math.max(...block.map((value) => Math.abs(Math.f16round(value)))) / steps);
      block.forEach((value, index) => {
        // Half a step, and what fp16 rounds away before and after.
        expect(Math.abs(data[begin + index]! - value)).toBeLessThanOrEqual(step * (0.5 + steps * 2 ** -9));
      });
    }
    await opened.close();
  },
);
