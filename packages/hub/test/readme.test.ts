import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import * as hub from "../src/index.ts";
import { noise, REPO, serve } from "./support/model-repo.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const PACKAGE = join(import.meta.dirname, "..");
const README = readFileSync(join(PACKAGE, "README.md"), "utf8");

test("README's example prints what README says", async () => {
  const [, example, printed] = /```ts\n(.*?)```\s+```text\n(.*?)```/s.exec(README)!;
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
  const folder = mkdtempSync(join(PACKAGE, ".readme-"));
  try {
    writeFileSync(join(folder, "example.ts"), example!);
    const env = { PATH: process.env.PATH, HF_ENDPOINT: server.endpoint, HF_HOME: temporaryFolder() };
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, "example.ts")], {
      cwd: PACKAGE,
      env,
    });
    expect(stdout).toBe(printed);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("README's table names what the package exports", () => {
  const named = README.split("\n")
    .filter((row) => row.startsWith("| `"))
    .flatMap((row) => [...row.split("|")[1]!.matchAll(/^ `(\w+)/g)].map(([, name]) => name));
  expect(named.sort()).toEqual(Object.keys(hub).sort());
});
