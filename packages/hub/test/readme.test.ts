import { join } from "node:path";
import { expect, test } from "vitest";
import { readReadme, runExample } from "../../../tools/readme.ts";
import * as hub from "../src/index.ts";
import { noise, REPO, serve } from "./support/model-repo.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const PACKAGE = join(import.meta.dirname, "..");
const { examples, named } = readReadme(PACKAGE);

test.each(examples)("README's example %# prints what README says", async (example) => {
  const server = await serve({
    repos: [
      {
        id: REPO,
        files: {
          "README.md": "---\nlicense: apache-2.0\n---\nTiny",
          "config.json": '{"model_type":"llama"}',
          "tokenizer.json": '{"version":"1.0"}',
          "model.safetensors": noise(2000),
          "model.fp16.safetensors": noise(1000),
          "model.gguf": "GGUF",
          "pytorch_model.bin": "pickle",
        },
      },
    ],
  });
  const env = { PATH: process.env.PATH, HF_ENDPOINT: server.endpoint, HF_HOME: temporaryFolder() };
  expect(await runExample(example, PACKAGE, env)).toBe(example.printed);
});

test("README's tables name what the package exports", () => {
  expect(named).toEqual(Object.keys(hub).sort());
});
