import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Recipe } from "@pippin/quantize";
import { expect, test } from "vitest";
import { backend } from "../src/backend.ts";
import { readPackage } from "../src/package/read-package.ts";
import { decode, encode, type Schema, scalar } from "../src/proto/codec.ts";
import { convert } from "./support/convert.ts";
import { tinyModel } from "./support/tiny-model.ts";

const WIDE = { hidden_size: 64, intermediate_size: 96, vocab_size: 301, tie_word_embeddings: false };
const FILES = ["Data/com.apple.CoreML/model.mlmodel", "Data/com.apple.CoreML/weights/weight.bin"];

async function recompressed(path: string, options: Record<string, unknown>) {
  const { options: schema, run } = backend.recompress!;
  const output = await mkdtemp(join(tmpdir(), "pippin-recompressed-"));
  const [artifact] = await run(path, schema.parse(options), output);
  return artifact!;
}

test.each([
  ["int4", {}],
  ["int8", { program: "stateless", target: "ios16" }],
  ["lut6", { program: "stateless", target: "ios17", length: "fixed" }],
])("%s from an fp16 package equals %s from the checkpoint", async (quantize, options) => {
  const checkpoint = await tinyModel(WIDE, { halfValues: true });
  const [whole, direct] = [
    await convert(checkpoint, options),
    await convert(checkpoint, { ...options, quantize }),
  ];

  const artifact = await recompressed(whole.path, { quantize });

  for (const file of FILES) {
    expect(
      (await readFile(join(artifact.path, file))).equals(await readFile(join(direct.path, file))),
      file,
    ).toBe(true);
  }
  expect(artifact.files).toEqual(direct.artifact.files);
});

test("weights that are compressed already are kept, others join them", async () => {
  const checkpoint = await tinyModel(WIDE);
  const some = Recipe.parse({ default: "fp16", rules: [{ match: "**.mlp.up.weight", encoding: "lut4" }] });
  const { path } = await convert(checkpoint, { recipe: some });

  const artifact = await recompressed(path, { quantize: "int8" });

  const [before, after] = [await backend.open(path), await backend.open(artifact.path)];
  const role = "layers.1.mlp.up.weight";
  expect(await after.tensor(role)).toEqual(await before.tensor(role));
  const down = "layers.1.mlp.down.weight";
  expect(await after.tensor(down)).not.toEqual(await before.tensor(down));
  expect(after.manifest?.quantization).toBe("int8");
  await Promise.all([before.close(), after.close()]);
});

test("a package without fp16 matrices is refused, and its source is named", async () => {
  const { path } = await convert(await tinyModel(WIDE), { quantize: "int8" });
  const whole = Recipe.parse({ default: "int4/32", minElements: 0 });

  await expect(recompressed(path, { quantize: "int8" })).rejects.toMatchObject({
    code: "COREML_NOTHING_TO_COMPRESS",
    details: { path },
  });
  await expect(recompressed(join(path, "Data"), { recipe: whole })).rejects.toMatchObject({
    code: "COREML_MANIFEST_INVALID",
  });
});

test("int4 is refused for an iOS 17 package as it is for a model", async () => {
  const { path } = await convert(await tinyModel(WIDE), { program: "stateless" });

  await expect(recompressed(path, { quantize: "int4" })).rejects.toMatchObject({
    code: "COREML_OPTION_INVALID",
  });
});

test("fields that no table names survive reading and writing", () => {
  const wide: Schema = {
    a: scalar(1, "string"),
    b: scalar(2, "uint64"),
    c: scalar(7, "float"),
    d: scalar(9, "bytes"),
  };
  const narrow: Schema = { b: scalar(2, "uint64") };
  const value = { a: "kept", b: 5, c: 0.5, d: Uint8Array.of(1, 2) };

  expect(decode(wide, encode(narrow, decode(narrow, encode(wide, value))))).toEqual(value);
});

test("the program of a rewritten package is readable", async () => {
  const { path } = await convert(await tinyModel(WIDE));
  const artifact = await recompressed(path, { quantize: "int8" });
  const opened = await readPackage(artifact.path);
  expect([...opened.program.functions.keys()]).toEqual(["decode", "prefill"]);
  await opened.close();
});
