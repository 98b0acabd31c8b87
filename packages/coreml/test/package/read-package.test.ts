import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readPackage } from "../../src/package/read-package.ts";
import { encode } from "../../src/proto/codec.ts";
import { MODEL } from "../../src/proto/model.ts";
import { convert } from "../support/convert.ts";
import { tinyModel } from "../support/tiny-model.ts";

async function copyOfPackage(): Promise<string> {
  const { path } = await convert(await tinyModel());
  const copy = join(await mkdtemp(join(tmpdir(), "pippin-read-")), "Tiny.mlpackage");
  await cp(path, copy, { recursive: true });
  return copy;
}

test("a package is read without its weights", async () => {
  const path = await copyOfPackage();
  await rm(join(path, "Data/com.apple.CoreML/weights"), { recursive: true });
  const opened = await readPackage(path);
  expect([...opened.program.functions.keys()].sort()).toEqual(["decode", "prefill"]);
  await expect(opened.weights("@model_path/weights/weight.bin")).rejects.toMatchObject({
    code: "CORE_FILE_UNREADABLE",
  });
});

test.each([["../../../etc/passwd"], ["/etc/passwd"], ["com.apple.CoreML/../../../../secret"]])(
  "a manifest that names %s is refused",
  async (target) => {
    const path = await copyOfPackage();
    const item = { author: "a", name: "b", description: "c", path: target };
    const manifest = { fileFormatVersion: "1.0.0", rootModelIdentifier: "x", itemInfoEntries: { x: item } };
    await writeFile(join(path, "Manifest.json"), JSON.stringify(manifest));
    await expect(readPackage(path)).rejects.toMatchObject({ code: "CORE_PATH_ESCAPES" });
  },
);

test("weights outside of the package are refused", async () => {
  const opened = await readPackage(await copyOfPackage());
  expect(() => opened.weightPath("@model_path/../../../../etc/passwd")).toThrowError(
    expect.objectContaining({ code: "CORE_PATH_ESCAPES" }),
  );
  expect(() => opened.weightPath("/etc/passwd")).toThrowError(
    expect.objectContaining({ code: "COREML_WEIGHTS_INVALID" }),
  );
});

test("a pipeline is named as what it is", async () => {
  const path = await copyOfPackage();
  const model = encode(MODEL, { specificationVersion: 9, pipeline: { models: [], names: [] } });
  await writeFile(join(path, "Data/com.apple.CoreML/model.mlmodel"), model);
  await expect(readPackage(path)).rejects.toMatchObject({ code: "COREML_NOT_AN_ML_PROGRAM" });
});
