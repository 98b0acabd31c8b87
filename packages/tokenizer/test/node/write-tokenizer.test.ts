import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { tokenizerFromGguf } from "../../src/gguf/gguf.ts";
import { loadTokenizer } from "../../src/node/load-tokenizer.ts";
import { writeTokenizerFiles } from "../../src/node/write-tokenizer.ts";
import { goldenCase } from "../golden.ts";

describe("writeTokenizerFiles", () => {
  const { gguf, expected } = goldenCase("sentencepiece");

  test("what a GGUF file holds loads as a model folder, twice with the same bytes", async () => {
    const target = await mkdtemp(join(tmpdir(), "pippin-tokenizer-"));
    onTestFinished(() => rm(target, { recursive: true }));
    const written = await writeTokenizerFiles(target, tokenizerFromGguf(gguf));
    const first = await readFile(join(target, "tokenizer.json"), "utf8");
    await writeTokenizerFiles(target, tokenizerFromGguf(gguf));
    expect(written).toEqual(["generation_config.json", "tokenizer.json", "tokenizer_config.json"]);
    expect(await readdir(target)).toEqual(written);
    expect(await readFile(join(target, "tokenizer.json"), "utf8")).toBe(first);
    expect((await loadTokenizer(target)).stopTokens).toEqual(expected.stopTokens);
  });

  test("a target that cannot be made is reported", async () => {
    const target = join(import.meta.filename, "folder");
    await expect(writeTokenizerFiles(target, { tokenizerJson: {} })).rejects.toMatchObject({
      code: "TOKENIZER_UNWRITABLE",
    });
  });
});
