import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadTokenizer } from "../../src/node/load-tokenizer.ts";
import { goldenCase } from "../golden.ts";

async function folderWith(files: Readonly<Record<string, string>>, from?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pippin-tokenizer-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  if (from !== undefined) await cp(goldenCase(from).folder, folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

describe("loadTokenizer", () => {
  test("a model folder gives tokenizer, template, stop tokens and file names", async () => {
    const loaded = await loadTokenizer(goldenCase("smollm").folder);
    const prompt = loaded.chatTemplate?.render([{ role: "user", content: "Hi" }]) ?? "";
    expect(loaded.tokenizer.encode(prompt, { addSpecialTokens: false })).toContain(1);
    expect(loaded.stopTokens).toEqual([2]);
    expect(loaded.files).toEqual(["tokenizer.json", "tokenizer_config.json"]);
  });

  test("chat_template.jinja and generation_config.json are read when present", async () => {
    const folder = await folderWith(
      { "chat_template.jinja": "from the file", "generation_config.json": '{"eos_token_id": [0, 7]}' },
      "smollm",
    );
    const loaded = await loadTokenizer(folder);
    expect(loaded.chatTemplate?.source).toBe("from the file");
    expect(loaded.stopTokens).toEqual([0, 2, 7]);
    expect(loaded.files).toContain("chat_template.jinja");
  });

  test("a folder with tokenizer.json alone has no chat template", async () => {
    const tokenizerJson = JSON.stringify(goldenCase("smollm").tokenizerJson);
    const loaded = await loadTokenizer(await folderWith({ "tokenizer.json": tokenizerJson }));
    expect(loaded.chatTemplate).toBeUndefined();
    expect(loaded.stopTokens).toEqual([]);
  });

  test("an older vocabulary is named when tokenizer.json is missing", async () => {
    const folder = await folderWith({ "tokenizer.model": "" });
    await expect(loadTokenizer(folder)).rejects.toMatchObject({
      code: "TOKENIZER_MISSING",
      hint: expect.stringContaining("save_pretrained"),
      details: { folder, found: ["tokenizer.model"] },
    });
  });

  test("a folder that does not exist has no tokenizer.json either", async () => {
    await expect(loadTokenizer(join(tmpdir(), "pippin-no-such-folder"))).rejects.toMatchObject({
      code: "TOKENIZER_MISSING",
    });
  });

  test.each([["tokenizer.json"], ["tokenizer_config.json"], ["generation_config.json"]])(
    "a %s that is cut off is named",
    async (name) => {
      const folder = await folderWith({ [name]: '{"model": {' }, "smollm");
      await expect(loadTokenizer(folder)).rejects.toMatchObject({
        code: "TOKENIZER_BROKEN_FILE",
        details: { file: join(folder, name) },
      });
    },
  );
});
