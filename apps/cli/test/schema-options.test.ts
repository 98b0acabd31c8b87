import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { expect, test } from "vitest";
import { z } from "zod";
import { addSchemaOptions, flagValue, parseSchemaOptions } from "../src/schema-options.ts";
import { tempFolder } from "./support/temp-folder.ts";

const Options = z
  .object({
    program: z.enum(["stateful", "stateless"]).default("stateful").describe("how it keeps its cache"),
    groupSize: z.number().int().positive().max(128).optional().describe("weights per scale"),
    scale: z.number().optional(),
    label: z.string().optional(),
    chunkHashes: z.boolean().default(true).describe("record hashes"),
    recipe: z
      .object({ default: z.enum(["int8", "fp16"]) })
      .optional()
      .describe("which weight gets which"),
    strict: z.boolean().default(false).describe("stop at the first warning"),
  })
  .refine(({ label }) => label !== "bad", { error: "no label is bad" });

async function parse(...argv: string[]) {
  const command = new Command("test").exitOverride().configureOutput({ outputError: () => undefined });
  addSchemaOptions(command, Options);
  command.parse(argv, { from: "user" });
  return parseSchemaOptions(Options, command.opts());
}

test("flags derive from the schema, defaults come from it", async () => {
  expect(await parse()).toEqual({ program: "stateful", chunkHashes: true, strict: false });
  expect(
    await parse(
      "--program",
      "stateless",
      "--group-size",
      "32",
      "--scale",
      "0.5",
      "--no-chunk-hashes",
      "--strict",
    ),
  ).toEqual({ program: "stateless", groupSize: 32, scale: 0.5, chunkHashes: false, strict: true });
});

test.each([
  [["--program", "x"], "Allowed choices are stateful, stateless"],
  [["--group-size", "0"], "a whole number from 1 to 128"],
  [["--group-size", "1.5"], "a whole number from 1 to 128"],
  [["--group-size", "1e9"], "a whole number from 1 to 128"],
  [["--group-size", ""], "a whole number from 1 to 128"],
  [["--scale", "much"], "It must be a number"],
])("%j is refused: %s", async (argv, message) => {
  await expect(parse(...argv)).rejects.toThrow(message);
});

test("a rule over the whole schema is a usage error without a flag's name", async () => {
  await expect(parse("--label", "bad")).rejects.toThrow(
    expect.objectContaining({ code: "CLI_USAGE", message: "no label is bad" }),
  );
});

test("an object comes from the JSON file that the flag names", async () => {
  const folder = tempFolder();
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  expect(await parse("--recipe", write("good.json", '{"default": "int8"}'))).toMatchObject({
    recipe: { default: "int8" },
  });
  await expect(parse("--recipe", write("bad.json", '{"default": "int7"}'))).rejects.toMatchObject({
    code: "CLI_USAGE",
    message: expect.stringContaining("--recipe at default: "),
  });
  await expect(parse("--recipe", write("cut.json", '{"default": '))).rejects.toMatchObject({
    code: "CORE_FILE_UNREADABLE",
  });
});

test("a flag's value is found in both spellings", () => {
  expect(flagValue(["convert", "--backend", "raw"], "--backend")).toBe("raw");
  expect(flagValue(["convert", "--backend=raw"], "--backend")).toBe("raw");
  expect(flagValue(["convert"], "--backend")).toBeUndefined();
});
