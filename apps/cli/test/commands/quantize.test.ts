import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RuntimeManifest } from "@pippin/core";
import { expect, inject, test } from "vitest";
import { PIP_CHAT, runCli } from "../support/run-cli.ts";
import { filesIn, tempFolder } from "../support/temp-folder.ts";

const converted = inject("converted");

test("a package becomes what converting with that encoding gives, with tokenizer and manifest", async () => {
  const cwd = tempFolder();
  const made = await runCli(["quantize", converted, "--quantize", "int4", "--out", "small", "--json"], {
    cwd,
  });
  expect({ status: made.status, stderr: made.stderr }).toEqual({ status: 0, stderr: "" });
  await runCli(["convert", PIP_CHAT, "--quantize", "int4", "--out", "direct"], { cwd });

  const [small, direct] = [filesIn(join(cwd, "small")), filesIn(join(cwd, "direct"))];
  expect([...small.keys()]).toEqual([...direct.keys()]);
  for (const [path, bytes] of small) expect(bytes.equals(direct.get(path)!), path).toBe(true);
  const [artifact] = JSON.parse(made.stdout).artifacts;
  expect(artifact).toMatchObject({ path: join("small", "pip-chat.mlpackage"), kind: "coreml" });
  expect(RuntimeManifest.parse(JSON.parse(String(small.get("pippin-manifest.json")))).quantization).toBe(
    "int4",
  );
});

test("people read the place, the size and the encodings", async () => {
  const cwd = tempFolder();
  const { status, stdout } = await runCli(
    ["quantize", join(converted, "pip-chat.mlpackage"), "--quantize", "lut6"],
    {
      cwd,
    },
  );
  expect(status).toBe(0);
  expect(stdout.replace(/\d+ ms|\d+\.\d s/, "N s").split("\n")).toEqual([
    `${join("build", "pip-chat-lut6", "pip-chat.mlpackage")}  1.67 MB  N s`,
    "weights 1 × int8 + 28 × lut6/16",
    `next: npx pippin verify ${join("build", "pip-chat-lut6")} --against MODEL`,
    "",
  ]);
});

test("a package that is compressed already is refused, and nothing is written", async () => {
  const cwd = tempFolder();
  await runCli(["quantize", converted, "--quantize", "int8", "--out", "once"], { cwd });
  const { status, stderr } = await runCli(["quantize", "once", "--quantize", "int4", "--out", "twice"], {
    cwd,
  });
  expect(status).toBe(1);
  expect(stderr).toContain("[COREML_NOTHING_TO_COMPRESS]");
  expect(readdirSync(cwd)).toEqual(["once"]);
});

test.each([
  [["--recipe", "recipe.json"], '{"default": "int3"}', 2, "--recipe at default"],
  [["--recipe", "recipe.json"], '{"default": "int8", "rule": []}', 2, "--recipe"],
  [["--recipe", "recipe.json"], "{", 1, "[CORE_FILE_UNREADABLE]"],
  [["--recipe", "missing.json"], "{}", 1, "[CORE_FILE_UNREADABLE]"],
  [["--quantize", "mixed"], "", 2, "mixed"],
  [["--recipe", "recipe.json"], '{"default": "int4/48"}', 1, "[QUANTIZE_RECIPE_UNFIT]"],
])("%j with %s fails with %i and says %s", async (flags, recipe, status, message) => {
  const cwd = tempFolder();
  writeFileSync(join(cwd, "recipe.json"), recipe);
  const result = await runCli(["quantize", converted, ...flags, "--out", "out"], { cwd });
  expect(result.status).toBe(status);
  expect(result.stderr).toContain(message);
  expect(readdirSync(cwd)).toEqual(["recipe.json"]);
});

test("a path that is no package is refused", async () => {
  const { status, stderr } = await runCli(["quantize", PIP_CHAT], { cwd: tempFolder() });
  expect(status).toBe(1);
  expect(stderr).toContain("[CLI_NOT_A_PACKAGE]");
});

test("a package is not written over itself", async () => {
  const cwd = tempFolder();
  await runCli(["convert", PIP_CHAT, "--out", "out"], { cwd });
  const before = readFileSync(join(cwd, "out/pippin-manifest.json"));
  const { status, stderr } = await runCli(["quantize", "out", "--out", "out"], { cwd });
  expect(status).toBe(1);
  expect(stderr).toContain("--force");
  expect(readFileSync(join(cwd, "out/pippin-manifest.json")).equals(before)).toBe(true);
});
