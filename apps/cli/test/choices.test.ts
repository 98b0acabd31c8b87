import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isSameModel } from "../src/choices.ts";
import { runInProcess } from "./support/in-process.ts";
import { PIP_CHAT } from "./support/run-cli.ts";
import { tempFolder } from "./support/temp-folder.ts";

/** A folder with a pippin.json and the bundled model. */
function project(config: object): string {
  const cwd = tempFolder();
  cpSync(PIP_CHAT, join(cwd, "pip"), { recursive: true });
  writeFileSync(join(cwd, "pippin.json"), JSON.stringify(config));
  return cwd;
}

/** What a dry run of convert says. */
async function planned(config: object, args: readonly string[]) {
  const model = join(project(config), "pip");
  const cwd = join(model, "..");
  const absolute = args.map((word) => (word === "pip" ? model : word));
  const { stdout, stderr, status } = await runInProcess(["convert", ...absolute, "--dry-run", "--json"], {
    cwd,
  });
  return { status, stderr, ...(stdout ? JSON.parse(stdout) : {}) };
}

test("a command that names no model takes that of pippin.json, with its options", async () => {
  const { manifest } = await planned({ model: PIP_CHAT, convert: { quantize: "int8", context: 128 } }, []);

  expect(manifest).toMatchObject({ quantization: expect.stringContaining("int8"), contextLength: 128 });
});

test("a flag wins over pippin.json", async () => {
  const config = { model: PIP_CHAT, convert: { quantize: "int8", context: 128 } };

  const { manifest } = await planned(config, ["--context", "64"]);

  expect(manifest).toMatchObject({ quantization: expect.stringContaining("int8"), contextLength: 64 });
});

test("choices for one model are not taken for another", async () => {
  const config = { model: "org/other@main", convert: { quantize: "int8", context: 128 } };

  const { manifest } = await planned(config, ["pip"]);

  expect(manifest.contextLength).not.toBe(128);
});

test.each([
  ["org/pip@v2", "org/pip", true],
  ["org/pip", "org/pip@0123456789012345678901234567890123456789", true],
  ["org/pip", "org/pop", false],
  ["m/@a", "m/@b", false],
  ["./pip", "./pip", true],
])("%s and %s are one model: %s", (a, b, same) => {
  expect(isSameModel(a, b)).toBe(same);
});

test("options without a model are taken for every model", async () => {
  const { manifest } = await planned({ convert: { context: 128 } }, ["pip"]);

  expect(manifest.contextLength).toBe(128);
});

test("no model at all is wrong usage", async () => {
  expect(await planned({}, [])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("no model is named"),
  });
});

test("an option that the backend lacks is named with those that it has", async () => {
  const { status, stderr } = await planned({ model: PIP_CHAT, convert: { quantise: "int8" } }, []);

  expect(status).toBe(1);
  expect(JSON.parse(stderr).error).toMatchObject({
    code: "CLI_CONFIG_INVALID",
    message: expect.stringContaining('gives "quantise" under "convert"'),
    hint: expect.stringContaining("quantize"),
  });
});

test("a value that the backend refuses is named as its flag", async () => {
  const { stderr } = await planned({ model: PIP_CHAT, convert: { quantize: "int3" } }, []);

  expect(stderr).toContain("--quantize");
});
